// The whole watch on a made-up machine: pipes for input devices, a message bus of its own, and a
// real X server where one is needed.
#include "client-core/platform/guest_watch.h"

#include <algorithm>
#include <linux/input.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/unit/client-core/platform/guest/fake_bus.h"
#include "tests/unit/client-core/platform/guest/run_until.h"
#include "tests/unit/client-core/platform/guest/tree.h"
#include "tests/unit/client-core/platform/guest/xvfb.h"

namespace gleaner {
namespace {

struct Rig {
    testing::TemporaryFolder root;
    SystemClock clock;
    boost::asio::io_context io;
    int changes = 0;
    std::unique_ptr<GuestWatch> watch;

    void start(GuestWatchOptions options) {
        options.devices = {{"cpu", {}}};
        watch = GuestWatch::create(std::move(options), clock, io.get_executor());
        watch->start([this] { ++changes; });
    }
    GuestWatchOptions options() {
        GuestWatchOptions made_up;
        made_up.root = root.path();
        made_up.system_bus = "unix:path=/nonexistent/bus";
        made_up.nvidia.driver_marks = {};
        return made_up;
    }
    ~Rig() {
        bool stopped = false;
        boost::asio::co_spawn(io, watch->stop(),
                              [&](const std::exception_ptr&) { stopped = true; });
        testing::run_until(io, [&] { return stopped; });
    }
    bool run_until(const std::function<bool(const guest::Facts&)>& condition) {
        return testing::run_until(io, [&] { return condition(watch->facts()); });
    }
    WatchSource source(const std::string& what) {
        const auto all = watch->sources();
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const WatchSource& one) { return one.what == what; });
        REQUIRE(found != all.end());
        return *found;
    }
};

TEST_CASE("a machine that tells nothing leaves facts unset and says why") {
    Rig rig;
    rig.start(rig.options());
    REQUIRE(rig.run_until([](const guest::Facts& facts) { return !facts.devices.empty(); }));
    const guest::Facts& facts = rig.watch->facts();
    CHECK_FALSE(facts.last_input);
    CHECK_FALSE(facts.full_screen);
    CHECK_FALSE(facts.on_battery);
    CHECK_FALSE(facts.metered);
    CHECK_FALSE(facts.locked);
    CHECK_FALSE(facts.film);
    CHECK(facts.programs.empty());
    CHECK(rig.source("input").words.en.starts_with("none found"));
    CHECK(rig.source("input").words.zh.starts_with("没有"));
    // Nobody could sit here, once the bus is known not to be there.
    CHECK(rig.run_until([](const guest::Facts& now) { return now.desktop == false; }));
    for (const char* const what : {"input", "full screen", "film", "lock", "network"})
        CHECK_FALSE(rig.source(what).works);
}

TEST_CASE("what is read again and again is told when it changes, and sooner at a faster pace") {
    Rig rig;
    testing::put_process(rig.root, {200, 1, "game", "/games/game"});
    rig.root.write("proc/stat", "cpu  100 0 0 900 0 0 0 0\n");
    rig.start(rig.options());
    REQUIRE(rig.run_until([](const guest::Facts& facts) { return !facts.programs.empty(); }));
    CHECK(rig.watch->facts().programs == std::vector<std::string>{"game"});
    const int before = rig.changes;
    rig.root.write("proc/stat", "cpu  150 0 0 950 0 0 0 0\n");
    rig.watch->set_pace(0s);  // one second at least
    REQUIRE(rig.run_until(
        [](const guest::Facts& facts) { return facts.others_cpu_percent.has_value(); }));
    CHECK(rig.watch->facts().others_cpu_percent == 50U);
    CHECK(rig.watch->facts().devices.at(0).others_percent == 50U);
    CHECK(rig.changes > before);
}

TEST_CASE("the bus's facts arrive, and the end of the watch lets a shutdown go on") {
    const testing::MessageBus daemon;
    testing::Services services(daemon);
    services.locked = 1;
    services.inhibited = "idle";
    services.metered = 1;
    {
        Rig rig;
        auto options = rig.options();
        options.system_bus = daemon.address();
        rig.start(options);
        REQUIRE(rig.run_until([&](const guest::Facts& facts) {
            services.serve();
            return facts.locked == true && facts.film == "player" && facts.metered == true &&
                   facts.desktop == true;
        }));
        CHECK(rig.source("film").works);
        CHECK(rig.source("network").words.en == "NetworkManager");
        CHECK(rig.run_until([&](const guest::Facts&) {
            services.serve();
            return services.held();
        }));
    }
    CHECK_FALSE(services.held());
}

TEST_CASE("input at a real X server is told") {
    const testing::Xvfb server;
    Rig rig;
    GuestWatchOptions options;
    options.system_bus = "unix:path=/nonexistent/bus";
    options.nvidia.driver_marks = {};
    options.environment = {{"DISPLAY", server.display_name()},
                           {"XAUTHORITY", server.authority_file()}};
    rig.start(options);
    REQUIRE(rig.run_until([&](const guest::Facts& facts) {
        return facts.full_screen == "" && facts.last_input &&
               rig.clock.now() - *facts.last_input > 1500ms;
    }));
    CHECK(rig.source("input").words.en.find("X11 display " + server.display_name()) !=
          std::string::npos);
    CHECK(rig.watch->facts().memory_available_bytes.value_or(0) > 0);
    const Time begun = rig.clock.now();
    server.xdotool("key a");
    const int before = rig.changes;
    REQUIRE(rig.run_until([&](const guest::Facts& facts) { return *facts.last_input >= begun; }));
    CHECK(rig.changes > before);
}

TEST_CASE("the bus's end takes back what it told") {
    testing::MessageBus daemon;
    testing::Services services(daemon);
    services.inhibited = "idle";
    Rig rig;
    auto options = rig.options();
    options.system_bus = daemon.address();
    rig.start(options);
    REQUIRE(rig.run_until([&](const guest::Facts& facts) {
        services.serve();
        return facts.film == "player" && facts.desktop == true;
    }));
    daemon.stop();
    CHECK(rig.run_until([&](const guest::Facts& facts) {
        return !facts.film && !facts.locked && facts.desktop == false;
    }));
}

/// A display of the made-up machine, which is that of a real server.
void put_display(const Rig& rig, const testing::Xvfb& server, const std::string& authority) {
    const auto socket = rig.root.path() / "tmp/.X11-unix/X0";
    std::filesystem::create_directories(socket.parent_path());
    std::filesystem::remove(socket);
    std::filesystem::create_symlink("/tmp/.X11-unix/X" + std::to_string(server.display()), socket);
    std::filesystem::remove(rig.root.path() / authority);
    std::filesystem::copy_file(server.authority_file(), rig.root.path() / authority);
    using namespace std::string_literals;
    rig.root.write("proc/200/environ", "DISPLAY=:0\0XAUTHORITY=/"s + authority + "\0"s);
}

TEST_CASE("a server that comes back under its old name with another key is reached at once") {
    testing::Xvfb first;
    Rig rig;
    put_display(rig, first, "first");
    rig.start(rig.options());
    REQUIRE(rig.run_until([](const guest::Facts& facts) { return facts.full_screen == ""; }));
    CHECK(rig.run_until([](const guest::Facts& facts) { return facts.desktop == true; }));
    const testing::Xvfb second("another-sixteen-");
    put_display(rig, second, "second");
    first.stop();
    REQUIRE(rig.run_until([](const guest::Facts& facts) { return !facts.full_screen; }));
    CHECK(rig.run_until([](const guest::Facts& facts) { return facts.full_screen == ""; }));
}

TEST_CASE("a server that refuses is a desktop and is told, until it is gone") {
    const testing::Xvfb server;
    Rig rig;
    put_display(rig, server, "key");
    rig.root.write("key", "no key");
    rig.start(rig.options());
    rig.watch->set_pace(1s);
    REQUIRE(rig.run_until([](const guest::Facts& facts) { return facts.desktop == true; }));
    CHECK(testing::run_until(rig.io, [&] {
        return rig.source("input").words.en.find("XAUTHORITY") != std::string::npos;
    }));
    std::filesystem::remove(rig.root.path() / "tmp/.X11-unix/X0");
    CHECK(rig.run_until([](const guest::Facts& facts) { return facts.desktop == false; }));
    CHECK(rig.source("input").words.en.find("XAUTHORITY") == std::string::npos);
}

}  // namespace
}  // namespace gleaner
