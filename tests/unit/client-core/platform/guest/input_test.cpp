// Input devices are pipes here: what the kernel would send is written into them. What a real device
// answers about itself is only asked of real devices, hence the Classify given.
#include <exception>
#include <fcntl.h>
#include <functional>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "client-core/platform/linux/guest/desktop_places.h"
#include "client-core/platform/linux/guest/evdev_input.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/client-core/platform/guest/run_until.h"

namespace gleaner::guest {
namespace {

namespace fs = std::filesystem;

input_event event_of(std::uint16_t type, std::uint16_t code, std::int32_t value) {
    input_event event{};
    event.type = type;
    event.code = code;
    event.value = value;
    return event;
}

TEST_CASE("keys, motion and touch count; lights and switches of the housing do not") {
    InputDevice device(false);
    CHECK(device.counts(event_of(EV_KEY, KEY_A, 1)));
    CHECK(device.counts(event_of(EV_REL, REL_X, 1)));
    CHECK(device.counts(event_of(EV_ABS, ABS_MT_POSITION_X, 5)));
    CHECK_FALSE(device.counts(event_of(EV_LED, LED_CAPSL, 1)));
    CHECK_FALSE(device.counts(event_of(EV_SW, SW_LID, 1)));
    CHECK_FALSE(device.counts(event_of(EV_SYN, SYN_REPORT, 0)));
}

TEST_CASE("a pad's stick that drifts does not count, one that is moved does") {
    InputDevice pad(true);
    pad.set_axis(ABS_X, 128, 16);
    CHECK_FALSE(pad.counts(event_of(EV_ABS, ABS_X, 140)));
    CHECK_FALSE(pad.counts(event_of(EV_ABS, ABS_X, 113)));
    CHECK(pad.counts(event_of(EV_ABS, ABS_X, 145)));
    CHECK_FALSE(pad.counts(event_of(EV_ABS, ABS_X, 130)));  // from where it counted last
    CHECK(pad.counts(event_of(EV_KEY, BTN_SOUTH, 1)));
}

TEST_CASE("a file that is no input device is none") {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK_FALSE(classify_input_device(fd));
    close(fd);
}

struct Rig {
    testing::TemporaryFolder root;
    boost::asio::io_context io;
    int inputs = 0;
    std::vector<int> writers;
    EvdevInput evdev{root.path(), io.get_executor(), [this] { ++inputs; },
                     [](int) { return std::optional<InputDevice>(InputDevice(false)); }};

    ~Rig() {
        boost::asio::co_spawn(io, evdev.stop(), [](const std::exception_ptr&) {});
        io.restart();
        io.run();
        for (const int writer : writers) close(writer);
    }
    void plug_in(const std::string& name) {
        const fs::path path = root.path() / "dev/input" / name;
        fs::create_directories(path.parent_path());
        REQUIRE(mkfifo(path.c_str(), 0600) == 0);
        writers.push_back(open(path.c_str(), O_RDWR | O_CLOEXEC));
    }
    void send(std::size_t device, const input_event& event) const {
        REQUIRE(write(writers[device], &event, sizeof(event)) == sizeof(event));
    }
    bool run_until(const std::function<bool()>& condition) {
        return testing::run_until(io, condition);
    }
};

TEST_CASE("the first input is told at once, what follows within the second is one more") {
    Rig rig;
    rig.plug_in("event0");
    rig.plug_in("mouse0");  // the old interface tells the same again
    rig.evdev.start();
    CHECK(rig.evdev.words().en == "evdev: 1 device");
    const auto sent = std::chrono::steady_clock::now();
    rig.send(0, event_of(EV_REL, REL_X, 1));
    REQUIRE(rig.run_until([&] { return rig.inputs == 1; }));
    CHECK(std::chrono::steady_clock::now() - sent < 50ms);
    for (int motion = 0; motion < 1000; ++motion) rig.send(0, event_of(EV_REL, REL_X, 1));
    REQUIRE(rig.run_until([&] { return rig.inputs == 2; }));
    CHECK(std::chrono::steady_clock::now() - sent >= 900ms);
}

TEST_CASE("a device that is plugged in later is heard, and one that is pulled out forgotten") {
    Rig rig;
    fs::create_directories(rig.root.path() / "dev");
    rig.evdev.start();
    CHECK(rig.evdev.words().en == "evdev: none found");
    rig.plug_in("event3");
    REQUIRE(rig.run_until([&] { return rig.evdev.devices() == 1; }));
    rig.send(0, event_of(EV_KEY, KEY_A, 1));
    REQUIRE(rig.run_until([&] { return rig.inputs == 1; }));
    fs::remove(rig.root.path() / "dev/input/event3");
    close(rig.writers.back());
    rig.writers.clear();
    CHECK(rig.run_until([&] { return rig.evdev.devices() == 0; }));
}

TEST_CASE("displays of this machine are told from others") {
    CHECK(local_display(":7") == 7U);
    CHECK(local_display(":7.0") == 7U);
    CHECK(local_display("unix:2") == 2U);
    CHECK_FALSE(local_display("localhost:10.0"));
    CHECK_FALSE(local_display(""));
    CHECK_FALSE(local_display(":"));
}

TEST_CASE("the key of a display is found in an authority file, and a damaged file has none") {
    const auto part = [](const std::string& text) {
        return std::string{'\0', static_cast<char>(text.size())} + text;
    };
    const std::string other = std::string("\1\0", 2) + part("host") + part("8") +
                              part("MIT-MAGIC-COOKIE-1") + part("wrong");
    const std::string right = std::string("\1\0", 2) + part("host") + part("7") +
                              part("MIT-MAGIC-COOKIE-1") + part("secret");
    const auto key = find_x11_key(other + right, 7);
    REQUIRE(key);
    CHECK(key->value == "secret");
    CHECK_FALSE(find_x11_key(other, 7));
    for (std::size_t size = 0; size < right.size(); ++size)
        CHECK_FALSE(find_x11_key(right.substr(0, size), 7));
}

}  // namespace
}  // namespace gleaner::guest
