/// Aim: the work loop over lost connections, drains, pauses, shutdown, and the room it announces.

#include <doctest/doctest.h>

#include "tests/unit/client-core/core/work_loop_fixture.h"

namespace gleaner::work {
namespace {

TEST_CASE("leases go on over a lost connection; kept ones report, others are forgotten") {
    Fixture f;
    f.ready(2);
    (void)f.lease(7, 3);
    (void)f.lease(8, 3);
    (void)f.on(Disconnected{});
    CHECK(only<SendResults>(f.end(f.started[0].run)).empty());
    CHECK(only<SendResults>(f.after(1s)).empty());
    const auto held = f.loop.held();
    REQUIRE(held.size() == 2);
    CHECK(held[0].unfinished == std::vector<std::uint32_t>{0, 1, 2});
    const auto commands = f.on(Connected{{LeaseId{7}}});
    REQUIRE(only<SendResults>(commands).size() == 1);
    CHECK(only<SendResults>(commands)[0].results[0].lease == LeaseId{7});
    CHECK(f.loop.counts().leases == 1);
}

TEST_CASE("a result sent just before the connection broke is sent again, an old one is not") {
    Fixture f;
    f.ready(4);
    (void)f.lease(7, 3);
    (void)f.end(f.started[0].run);
    (void)f.after(5ms);
    (void)f.after(11s);
    (void)f.end(f.started[1].run);
    CHECK(only<SendResults>(f.after(5ms)).size() == 1);
    (void)f.on(Disconnected{});
    REQUIRE(f.loop.held().size() == 1);
    CHECK(f.loop.held()[0].unfinished == std::vector<std::uint32_t>{1, 2});
    const auto frames = only<SendResults>(f.on(Connected{{LeaseId{7}}}));
    REQUIRE(frames.size() == 1);
    REQUIRE(frames[0].results.size() == 1);
    CHECK(frames[0].results[0].index == 1);
}

TEST_CASE("a lease finished just before the connection broke is still held for its results") {
    Fixture f;
    f.ready(4);
    (void)f.lease(7, 1);
    CHECK(only<SendResults>(f.end(f.started[0].run)).size() == 1);
    (void)f.on(Disconnected{});
    REQUIRE(f.loop.held().size() == 1);
    CHECK(only<SendResults>(f.on(Connected{{LeaseId{7}}})).size() == 1);
    (void)f.after(11s);
    CHECK(f.loop.counts().leases == 0);
}

TEST_CASE("a lease whose results are forgotten while its model goes has nothing to hand back") {
    Fixture f;
    f.ready(4);
    (void)f.lease(7, 1);
    CHECK(only<SendResults>(f.end(f.started[0].run)).size() == 1);
    f.now = f.now + 11s;
    const Failure gone{.code = FailureCode::engine_crashed, .message = "it ended"};
    CHECK(only<SendLeaseReturn>(f.on(ModelGone{model, gone})).empty());
    CHECK(f.loop.counts().leases == 0);
}

TEST_CASE("a lost connection stops streams, since another node goes on with them") {
    Fixture f;
    f.ready(2);
    (void)f.stream(50);
    CHECK(only<CancelRun>(f.on(Disconnected{})).size() == 1);
    CHECK(f.loop.counts().streams == 0);
}

TEST_CASE("while disconnected, results are bounded: beyond it no item starts") {
    WorkLoopOptions options;
    options.result_bytes_max = 1000;
    Fixture f(options);
    f.ready(2);
    (void)f.lease(7, 100);
    (void)f.on(Disconnected{});
    CHECK(only<StartRun>(f.end(f.started[0].run, {.body = std::string(900, 'x')})).size() == 1);
    CHECK(only<StartRun>(f.end(f.started[1].run, {.body = std::string(900, 'x')})).empty());
    CHECK(only<StartRun>(f.end(f.started[2].run)).empty());
    CHECK(only<StartRun>(f.on(Connected{{LeaseId{7}}})).size() == 2);
}

TEST_CASE("draining finishes what is held, refuses new leases and lasts until the next session") {
    Fixture f;
    f.ready(1);
    (void)f.lease(7, 5);
    const auto capacity = only<SendCapacity>(f.on(Drain{"maintenance"}));
    REQUIRE(capacity.size() == 1);
    CHECK(capacity[0].paused);
    CHECK(capacity[0].paused_reason == "draining: maintenance");
    CHECK(only<SendLeaseReturn>(f.lease(8, 2)).size() == 1);
    CHECK(only<StartRun>(f.end(f.started[0].run)).size() == 1);
    (void)f.on(Disconnected{});
    const auto again = only<SendCapacity>(f.on(Connected{{LeaseId{7}}}));
    REQUIRE(again.size() == 1);
    CHECK_FALSE(again[0].paused);
}

TEST_CASE("a pause announces its reason, lets work go on, and ends with resume") {
    Fixture f;
    f.ready(1);
    (void)f.lease(7, 5);
    CHECK(only<SendCapacity>(f.on(Pause{"schedule"}))[0].paused_reason == "schedule");
    CHECK(only<StartRun>(f.end(f.started[0].run)).size() == 1);
    CHECK_FALSE(only<SendCapacity>(f.on(Resume{}))[0].paused);
}

TEST_CASE("reclaim stops everything at once, first the work, then the messages") {
    Fixture f;
    f.ready(2);
    (void)f.lease(7, 5);
    (void)f.stream(50);
    const auto commands = f.on(Reclaim{"keyboard"});
    CHECK(f.loop.counts().running == 0);
    CHECK(f.loop.counts().items == 0);
    CHECK(only<SendLeaseReturn>(commands)[0].reason.code == FailureCode::reclaimed);
    CHECK(only<SendLeaseReturn>(commands)[0].unfinished.size() == 5);
    CHECK(only<SendStreamEnd>(commands)[0].outcome.failure.code == FailureCode::reclaimed);
    CHECK(only<StartRun>(commands).empty());
    CHECK(only<StartRun>(f.lease(8, 2)).empty());
    (void)f.on(Resume{});
    CHECK(only<StartRun>(f.lease(9, 2)).size() == 2);
}

TEST_CASE("shutting down lets running requests finish within the grace and hands back the rest") {
    Fixture f;
    f.ready(1);
    (void)f.lease(7, 5);
    auto commands = f.on(ShutDown{5s});
    CHECK(only<ShutDownComplete>(commands).empty());
    CHECK(only<StartRun>(f.end(f.started[0].run)).empty());
    commands = f.end(f.started[1].run);
    CHECK(only<ShutDownComplete>(commands).size() == 1);
    CHECK(only<SendLeaseReturn>(commands)[0].unfinished == std::vector<std::uint32_t>{2, 3, 4});
    CHECK(only<SendLeaseReturn>(commands)[0].reason.code == FailureCode::reclaimed);
    CHECK(only<SendResults>(commands).size() == 1);
}

TEST_CASE("shutting down cancels what still runs when the grace is over") {
    Fixture f;
    f.ready(1);
    (void)f.lease(7, 3);
    (void)f.stream(50);
    (void)f.on(ShutDown{5s});
    const auto commands = f.after(5s);
    CHECK(only<ShutDownComplete>(commands).size() == 1);
    CHECK(only<SendLeaseReturn>(commands)[0].unfinished.size() == 3);
    CHECK(only<SendStreamEnd>(commands).size() == 1);
    CHECK(f.loop.counts().running == 0);
}

TEST_CASE("shutting down with nothing to do is complete at once") {
    Fixture f;
    f.ready(1);
    CHECK(only<ShutDownComplete>(f.on(ShutDown{5s})).size() == 1);
}

TEST_CASE("busy time of a device is divided among what runs on it and adds up to the whole") {
    Fixture f;
    f.ready(2);
    (void)f.lease(7, 2);
    f.now = f.now + Duration{100};
    const auto first = only<SendResults>(f.end(f.started[0].run));
    f.now = f.now + Duration{40};
    const auto frames = only<SendResults>(f.end(f.started[1].run));
    REQUIRE(frames.size() == 1);
    REQUIRE(frames[0].results.size() == 2);
    CHECK(frames[0].results[0].outcome.device_micros == 50);
    CHECK(frames[0].results[1].outcome.device_micros == 90);
}

TEST_CASE("windows are bounded by slots and by the memory that requests need") {
    WorkLoopOptions options;
    options.body_bytes_max = 1u << 20;
    options.window_items_per_slot = 64;
    Fixture f(options);
    (void)f.on(Connected{});
    (void)f.on(ModelLoading{model});
    auto capacity = only<SendCapacity>(f.on(ModelReady{model, "cpu", 4}));
    REQUIRE(capacity.size() == 1);
    REQUIRE(capacity[0].windows.size() == 1);
    CHECK(capacity[0].windows[0] == SendCapacity::Window{model, 256, 4});
    LeaseReceived event{.lease = LeaseId{7}, .model = model, .deadline = 60s};
    for (std::uint32_t i = 0; i < 100; ++i) {
        event.items.push_back({i, Endpoint::completions, std::string(64 << 10, 'p')});
    }
    capacity = only<SendCapacity>(f.on(event));
    REQUIRE(capacity.size() == 1);
    CHECK(capacity[0].windows[0].items < 64);
    CHECK(capacity[0].windows[0].items >= 6);
}

TEST_CASE("a coordinator that ignores the window has its lease handed back, not stored") {
    WorkLoopOptions options;
    options.body_bytes_max = 1000;
    Fixture f(options);
    f.ready(1);
    LeaseReceived event{.lease = LeaseId{7}, .model = model, .deadline = 60s};
    event.items.push_back({0, Endpoint::completions, std::string(2100, 'p')});
    CHECK(only<SendLeaseReturn>(f.on(event)).empty());
    CHECK(only<SendLeaseReturn>(f.lease(8, 3)).size() == 1);
    CHECK(f.loop.counts().leases == 1);
}

TEST_CASE("an unchanged capacity is not announced again, a new session hears it anew") {
    Fixture f;
    f.ready(1);
    CHECK(only<SendCapacity>(f.lease(7, 3)).empty());
    (void)f.on(Disconnected{});
    CHECK(only<SendCapacity>(f.on(Connected{})).size() == 1);
}

TEST_CASE("an idle node asks for no alarm") {
    Fixture f;
    f.ready(1);
    (void)f.lease(7, 1);
    (void)f.end(f.started[0].run);
    CHECK(only<Wake>(f.after(11s)).empty());
    CHECK(only<Wake>(f.after(3600s)).empty());
}

}  // namespace
}  // namespace gleaner::work
