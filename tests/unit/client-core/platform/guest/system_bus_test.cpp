#include "client-core/platform/linux/guest/system_bus.h"

#include <ctime>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/unit/client-core/platform/guest/fake_bus.h"
#include "tests/unit/client-core/platform/guest/run_until.h"

namespace gleaner::guest {
namespace {

struct Rig {
    testing::MessageBus daemon;
    testing::Services services{daemon};
    SystemClock clock;
    boost::asio::io_context io;
    int changes = 0;
    SystemBus bus{daemon.address(), clock, io.get_executor(), [this] { ++changes; }};
    std::optional<Status> ended;

    Rig() {
        boost::asio::co_spawn(io, run(), [](const std::exception_ptr&) {});
    }
    ~Rig() {
        daemon.stop();
        io.restart();
        io.run();
    }
    boost::asio::awaitable<void> run() {
        Status status = co_await bus.run();
        ended = std::move(status);
    }
    bool run_until(const std::function<bool(const BusFacts&)>& condition) {
        return testing::run_until(io, [&] {
            services.serve();
            return condition(bus.facts());
        });
    }
};

TEST_CASE("D-Bus: a locked screen, and one where nobody is signed in, are told") {
    Rig rig;
    REQUIRE(rig.run_until([](const BusFacts& facts) { return facts.locked == false; }));
    CHECK(rig.bus.facts().logind);
    CHECK(rig.bus.facts().seats == true);
    rig.services.locked = 1;
    rig.services.changed();
    CHECK(rig.run_until([](const BusFacts& facts) { return facts.locked == true; }));
    rig.services.locked = 0;
    rig.services.changed();
    CHECK(rig.run_until([](const BusFacts& facts) { return facts.locked == false; }));
    rig.services.session_class = "greeter";
    rig.services.changed();
    CHECK(rig.run_until([](const BusFacts& facts) { return facts.locked == true; }));
    rig.services.somebody = false;
    rig.services.changed();
    CHECK(
        rig.run_until([](const BusFacts& facts) { return !facts.locked && facts.seats == false; }));
}

TEST_CASE("D-Bus: a login at a console is somebody at the machine, a session of no type is not") {
    Rig rig;
    CHECK_FALSE(rig.bus.facts().seats);
    rig.services.session_type = "tty";
    REQUIRE(rig.run_until([](const BusFacts& facts) { return facts.seats == true; }));
    rig.services.session_type = "unspecified";
    rig.services.changed();
    CHECK(rig.run_until([](const BusFacts& facts) { return facts.seats == false; }));
}

TEST_CASE("D-Bus: however many signals logind sends, it is asked once a second") {
    Rig rig;
    REQUIRE(rig.run_until([](const BusFacts& facts) { return facts.seats.has_value(); }));
    const int before = rig.services.lists_asked;
    const Time begun = rig.clock.now();
    Time last = begun;
    REQUIRE(rig.run_until([&](const BusFacts&) {
        rig.services.changed();
        last = rig.clock.now();
        return rig.services.lists_asked >= before + 2;
    }));
    CHECK(last - begun > 900ms);
}

TEST_CASE("D-Bus: a film is another program's hold on idleness, and not on sleep") {
    Rig rig;
    REQUIRE(rig.run_until([](const BusFacts& facts) { return facts.logind; }));
    rig.services.inhibited = "sleep:shutdown";
    rig.services.idle = 1;  // to see that the answer has come
    rig.services.changed();
    REQUIRE(rig.run_until([](const BusFacts& facts) { return facts.idle_since.has_value(); }));
    CHECK(rig.bus.facts().film == "");
    rig.services.inhibited = "sleep:idle";
    rig.services.changed();
    CHECK(rig.run_until([](const BusFacts& facts) { return facts.film == "player"; }));
    rig.services.inhibited = "";
    rig.services.changed();
    CHECK(rig.run_until([](const BusFacts& facts) { return facts.film == ""; }));
}

TEST_CASE("D-Bus: since when logind thinks that the person is idle is told in the node's time") {
    Rig rig;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    rig.services.idle = 1;
    rig.services.idle_since =
        static_cast<std::uint64_t>((now.tv_sec - 90) * 1'000'000 + now.tv_nsec / 1000);
    REQUIRE(rig.run_until([](const BusFacts& facts) { return facts.idle_since.has_value(); }));
    const Duration idle = rig.clock.now() - *rig.bus.facts().idle_since;
    CHECK(idle >= 90s);
    CHECK(idle < 100s);
}

TEST_CASE("D-Bus: a shutdown is held until it is released, and held again if it is called off") {
    Rig rig;
    REQUIRE(rig.run_until([&](const BusFacts&) { return rig.bus.holds_shutdown(); }));
    CHECK(rig.services.inhibit_asked == "shutdown delay");
    CHECK(rig.services.held());
    rig.services.prepare_for_shutdown(true);
    REQUIRE(rig.run_until([](const BusFacts& facts) { return facts.shutting_down; }));
    CHECK(rig.services.held());
    rig.bus.release_shutdown();
    CHECK(rig.run_until([&](const BusFacts&) { return !rig.services.held(); }));
    rig.services.prepare_for_shutdown(false);
    CHECK(rig.run_until(
        [&](const BusFacts& facts) { return !facts.shutting_down && rig.bus.holds_shutdown(); }));
}

TEST_CASE("D-Bus: a metered network is told, also one that is only guessed to be") {
    Rig rig;
    REQUIRE(rig.run_until([](const BusFacts& facts) { return facts.network_manager; }));
    CHECK_FALSE(rig.bus.facts().metered);
    for (const auto& [value, metered] :
         {std::pair(1U, true), {2U, false}, {3U, true}, {4U, false}}) {
        rig.services.metered = value;
        rig.services.metered_changed();
        const bool wanted = metered;
        CHECK(rig.run_until([&](const BusFacts& facts) { return facts.metered == wanted; }));
    }
}

TEST_CASE("D-Bus: a bus that ends and one that is not there are told") {
    Rig rig;
    REQUIRE(rig.run_until([](const BusFacts& facts) { return facts.logind; }));
    rig.daemon.stop();
    REQUIRE(rig.run_until([&](const BusFacts&) { return rig.ended.has_value(); }));
    CHECK_FALSE(*rig.ended);
    CHECK_FALSE(rig.bus.facts().logind);
    CHECK_FALSE(rig.bus.facts().film);
    SystemBus none("unix:path=/nonexistent/bus", rig.clock, rig.io.get_executor(), [] {});
    std::optional<ErrorCode> code;
    const auto run = [](SystemBus& bus,
                        std::optional<ErrorCode>& out) -> boost::asio::awaitable<void> {
        const Status status = co_await bus.run();
        if (!status) out = status.error().code();
    };
    boost::asio::co_spawn(rig.io, run(none, code), [](const std::exception_ptr&) {});
    CHECK(testing::run_until(rig.io, [&] { return code == ErrorCode::unavailable; }));
}

}  // namespace
}  // namespace gleaner::guest
