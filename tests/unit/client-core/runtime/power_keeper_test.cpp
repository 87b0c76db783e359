// GPU power limits against a library that stands in for NVML: its first GPU has 115 W as usual and
// 70 W at least, its second none that can be set.

#include "client-core/runtime/power_keeper.h"

#include <dlfcn.h>
#include <fstream>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

struct Rig {
    Rig() : handle(dlopen(FAKE_NVML, RTLD_NOW)) {
        REQUIRE(handle != nullptr);
        power = reinterpret_cast<unsigned (*)(unsigned, int)>(dlsym(handle, "fake_nvml_power"));
        REQUIRE((power != nullptr));
        places.library = FAKE_NVML;
        places.driver_marks = {"/"};
        (void)power(115'000, 0);
    }
    ~Rig() { dlclose(handle); }
    [[nodiscard]] Status apply(const PowerWishes& wanted) const {
        return apply_power(file, places, wanted);
    }
    [[nodiscard]] unsigned now() const { return power(0, 0); }

    void* handle;
    unsigned (*power)(unsigned, int) = nullptr;
    NvidiaManagement::Places places;
    testing::TemporaryFolder folder;
    fs::path file = folder.path() / "limited_power";
};

TEST_CASE("a limit is taken, changed, and put back to what it was") {
    const Rig rig;
    (void)rig.power(110'000, 0);  // the owner's own
    REQUIRE(rig.apply({{1, 80}, {0, 80}}));
    CHECK(rig.now() == 92'000);
    CHECK(fs::exists(rig.file));
    REQUIRE(rig.apply({{1, 70}}));
    CHECK(rig.now() == 80'500);
    REQUIRE(rig.apply({{1, 30}}));  // as low as the card goes
    CHECK(rig.now() == 70'000);
    REQUIRE(rig.apply({}));
    CHECK(rig.now() == 110'000);
    CHECK_FALSE(fs::exists(rig.file));
}

TEST_CASE("a limit that is lower already is left alone, and so is one that somebody else has set") {
    const Rig rig;
    (void)rig.power(80'000, 0);
    REQUIRE(rig.apply({{1, 90}}));
    CHECK(rig.now() == 80'000);
    CHECK_FALSE(fs::exists(rig.file));
    REQUIRE(rig.apply({{1, 65}}));
    CHECK(rig.now() == 74'750);
    (void)rig.power(100'000, 0);
    REQUIRE(rig.apply({}));
    CHECK(rig.now() == 100'000);
    CHECK_FALSE(fs::exists(rig.file));
}

TEST_CASE("what a crash has left is put back at the next start") {
    const Rig rig;
    REQUIRE(rig.apply({{1, 80}}));
    asio::io_context io;
    PowerKeeper keeper(rig.file, rig.places, {}, io.get_executor());
    keeper.want({});
    io.run();
    CHECK(rig.now() == 115'000);
}

TEST_CASE("without the right to it the limit stays, and the reason is told") {
    const Rig rig;
    (void)rig.power(0, 1);
    const Status refused = apply_power(rig.file, rig.places, {{1, 80}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::permission_denied);
    CHECK_FALSE(fs::exists(rig.file));
    CHECK(rig.power(0, 0) == 115'000);
}

TEST_CASE("without wishes no driver is looked for") {
    const testing::TemporaryFolder folder;
    NvidiaManagement::Places places;
    places.library = "libgleaner-no-such-library.so.1";
    places.driver_marks = {"/"};
    CHECK(apply_power(folder.path() / "limited_power", places, {}));
    CHECK_FALSE(apply_power(folder.path() / "limited_power", places, {{0, 50}}));
}

TEST_CASE("of wishes that change quickly the last one counts, and stopping puts all back") {
    const Rig rig;
    asio::io_context io;
    int problems = 0;
    PowerKeeper keeper(
        rig.file, rig.places, [&problems](const Error&) { ++problems; }, io.get_executor());
    keeper.want({{1, 90}});
    keeper.want({{1, 80}});
    io.run();
    CHECK(rig.now() == 92'000);
    io.restart();
    bool stopped = false;
    asio::co_spawn(io, keeper.stop(), [&stopped](const std::exception_ptr& failed) {
        CHECK_FALSE(failed);
        stopped = true;
    });
    io.run();
    CHECK(stopped);
    CHECK(rig.now() == 115'000);
    CHECK(problems == 0);
}

}  // namespace
}  // namespace gleaner
