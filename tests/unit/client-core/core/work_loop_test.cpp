/// Aim: each rule of the work loop, in virtual time. Method: feed events, look at the commands.

#include <algorithm>
#include <map>

#include <doctest/doctest.h>

#include "client-core/core/work_loop/machine.h"

namespace gleaner::work {
namespace {

const Sha256 model{std::string(64, 'a')};
const Sha256 other_model{std::string(64, 'b')};

struct Fixture {
    explicit Fixture(WorkLoopOptions options = {}) : loop(options) {}

    std::vector<Command> on(Event event) {
        auto commands = loop.on(std::move(event), now);
        loop.check_invariants();
        for (const Command& command : commands) {
            if (const auto* start = std::get_if<StartRun>(&command)) started.push_back(*start);
        }
        return commands;
    }
    std::vector<Command> after(Duration d) {
        now = now + d;
        return on(Tick{});
    }
    void ready(std::uint32_t slots = 2) {
        (void)on(Connected{});
        (void)on(ModelLoading{model});
        (void)on(ModelReady{model, "cpu", slots});
    }
    std::vector<Command> lease(std::uint64_t id, std::uint32_t items, Duration deadline = 60s) {
        LeaseReceived event{.lease = LeaseId{id}, .model = model, .deadline = deadline};
        for (std::uint32_t i = 0; i < items; ++i) {
            event.items.push_back({i, Endpoint::chat_completions, "{}"});
        }
        return on(std::move(event));
    }
    std::vector<Command> stream(std::uint64_t id) {
        return on(StreamReceived{StreamId{id}, model, Endpoint::chat_completions, "{}", 60s});
    }
    std::vector<Command> end(RunId run, Outcome outcome = {.body = "done"}) {
        return on(RunEnded{run, std::move(outcome)});
    }

    WorkLoop loop;
    Time now{1'000'000};
    std::vector<StartRun> started;
};

template <class C>
std::vector<C> only(const std::vector<Command>& commands) {
    std::vector<C> found;
    for (const Command& command : commands) {
        if (const auto* c = std::get_if<C>(&command)) found.push_back(*c);
    }
    return found;
}

TEST_CASE("as many items as slots and a short pipeline are given to the engine at once") {
    Fixture f;
    f.ready(2);
    CHECK(only<StartRun>(f.lease(7, 10)).size() == 4);
    CHECK(only<StartRun>(f.end(f.started[0].run)).size() == 1);
    CHECK(f.loop.counts().running == 4);
    CHECK(f.loop.counts().items == 9);
}

TEST_CASE("one slot is pipelined by one item only") {
    Fixture f;
    f.ready(1);
    CHECK(only<StartRun>(f.lease(7, 10)).size() == 2);
}

TEST_CASE("results wait at most 5 ms for company and travel in one frame") {
    Fixture f;
    f.ready(4);
    (void)f.lease(7, 10);
    auto commands = f.end(f.started[0].run);
    CHECK(only<SendResults>(commands).empty());
    REQUIRE(only<Wake>(commands).size() == 1);
    CHECK(only<Wake>(commands)[0].at == f.now + Duration{5ms});
    (void)f.end(f.started[1].run);
    commands = f.after(5ms);
    REQUIRE(only<SendResults>(commands).size() == 1);
    CHECK(only<SendResults>(commands)[0].results.size() == 2);
    CHECK(only<SendResults>(commands)[0].results[1].index == 1);
}

TEST_CASE("the last result of a lease does not wait") {
    Fixture f;
    f.ready(4);
    (void)f.lease(7, 1);
    const auto frames = only<SendResults>(f.end(f.started[0].run));
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].results[0].outcome.body == "done");
}

TEST_CASE("a full frame is sent at once and frames are bounded by count and bytes") {
    WorkLoopOptions options;
    options.results_per_frame_max = 2;
    Fixture f(options);
    f.ready(8);
    (void)f.lease(7, 20);
    CHECK(only<SendResults>(f.end(f.started[0].run)).empty());
    CHECK(only<SendResults>(f.end(f.started[1].run)).size() == 1);
    (void)f.end(f.started[2].run, {.body = std::string(200 << 10, 'x')});
    const auto frames =
        only<SendResults>(f.end(f.started[3].run, {.body = std::string(200 << 10, 'y')}));
    CHECK(frames.size() == 2);
}

TEST_CASE("a lease in several parts is worked on from the first part and ends after the last") {
    Fixture f;
    f.ready(2);
    LeaseReceived part{.lease = LeaseId{7}, .model = model, .deadline = 60s, .last = false};
    part.items.push_back({0, Endpoint::completions, "a"});
    CHECK(only<StartRun>(f.on(part)).size() == 1);
    (void)f.end(f.started[0].run);
    CHECK(f.loop.counts().leases == 1);
    part.items[0].index = 1;
    part.last = true;
    CHECK(only<StartRun>(f.on(part)).size() == 1);
    const auto frames = only<SendResults>(f.end(f.started[1].run));
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].results.size() == 2);
}

TEST_CASE("a stream starts at once and makes room by putting back the youngest items") {
    Fixture f;
    f.ready(2);
    (void)f.lease(7, 10);
    const auto commands = f.stream(50);
    const auto cancelled = only<CancelRun>(commands);
    REQUIRE(cancelled.size() == 3);
    CHECK(cancelled[0].run == f.started[3].run);
    const auto begun = only<StartRun>(commands);
    REQUIRE_FALSE(begun.empty());
    CHECK(begun[0].stream == StreamId{50});
    CHECK(f.loop.counts().items == 10);
    // What was put back is started anew under another number; the old end means nothing.
    CHECK(only<SendResults>(f.end(f.started[3].run)).empty());
    CHECK(f.loop.counts().items == 10);
}

TEST_CASE("streams beyond the slots wait and start in order") {
    Fixture f;
    f.ready(1);
    (void)f.stream(50);
    CHECK(only<StartRun>(f.stream(51)).empty());
    (void)f.stream(52);
    const auto commands = f.end(f.started[0].run);
    REQUIRE(only<SendStreamEnd>(commands).size() == 1);
    REQUIRE(only<StartRun>(commands).size() == 1);
    CHECK(only<StartRun>(commands)[0].stream == StreamId{51});
}

TEST_CASE("a cancelled stream stops its generation and says so") {
    Fixture f;
    f.ready(1);
    (void)f.stream(50);
    const auto commands = f.on(StreamCancelled{StreamId{50}});
    CHECK(only<CancelRun>(commands).size() == 1);
    REQUIRE(only<SendStreamEnd>(commands).size() == 1);
    CHECK(only<SendStreamEnd>(commands)[0].outcome.failure.code == FailureCode::cancelled);
    CHECK(f.loop.counts().streams == 0);
}

TEST_CASE("at its deadline a lease is handed back with what is unfinished, results before it") {
    Fixture f;
    f.ready(1);
    (void)f.lease(7, 3, 10s);
    (void)f.end(f.started[0].run);
    f.now = f.now + Duration{1ms};
    const auto commands = f.after(10s);
    CHECK(only<CancelRun>(commands).size() == 2);
    const auto returned = only<SendLeaseReturn>(commands);
    REQUIRE(returned.size() == 1);
    CHECK(returned[0].unfinished == std::vector<std::uint32_t>{1, 2});
    CHECK(returned[0].reason.code == FailureCode::timed_out);
    CHECK(only<SendResults>(commands).size() == 1);
    CHECK(std::holds_alternative<SendResults>(
        *std::find_if(commands.begin(), commands.end(), [](const Command& c) {
            return std::holds_alternative<SendResults>(c) ||
                   std::holds_alternative<SendLeaseReturn>(c);
        })));
}

TEST_CASE("a stream past its deadline ends as timed out") {
    Fixture f;
    f.ready(1);
    (void)f.stream(50);
    const auto ends = only<SendStreamEnd>(f.after(61s));
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].outcome.failure.code == FailureCode::timed_out);
}

TEST_CASE("a revoked lease stops and nothing more is said about it") {
    Fixture f;
    f.ready(2);
    (void)f.lease(7, 5);
    (void)f.end(f.started[0].run);
    const auto commands = f.on(LeaseRevoked{LeaseId{7}});
    CHECK(only<CancelRun>(commands).size() == 4);
    CHECK(only<SendLeaseReturn>(commands).empty());
    CHECK(only<SendResults>(f.after(1s)).empty());
    CHECK(f.loop.counts().leases == 0);
    CHECK(f.loop.counts().body_bytes == 0);
}

TEST_CASE("a lease for a model that is not here is handed back with the reason") {
    Fixture f;
    f.ready();
    LeaseReceived event{.lease = LeaseId{7}, .model = other_model, .deadline = 60s};
    event.items.push_back({3, Endpoint::completions, "a"});
    const auto returned = only<SendLeaseReturn>(f.on(event));
    REQUIRE(returned.size() == 1);
    CHECK(returned[0].unfinished == std::vector<std::uint32_t>{3});
    CHECK(returned[0].reason.code == FailureCode::artefact_unavailable);
}

TEST_CASE("items wait while an engine starts again, streams are refused for another node") {
    Fixture f;
    f.ready(2);
    (void)f.on(ModelLoading{model});
    CHECK(only<StartRun>(f.lease(7, 3)).empty());
    const auto ends = only<SendStreamEnd>(f.stream(50));
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].outcome.failure.code == FailureCode::artefact_unavailable);
    CHECK(only<StartRun>(f.on(ModelReady{model, "cpu", 2})).size() == 3);
}

TEST_CASE("after a crash the items in flight run one by one and only the culprit is reported") {
    Fixture f;
    f.ready(2);
    (void)f.lease(7, 6);
    REQUIRE(f.started.size() == 4);
    const Outcome crashed{.failure = {.code = FailureCode::engine_crashed}};
    (void)f.on(ModelLoading{model});
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(only<SendResults>(f.end(f.started[i].run, crashed)).empty());
    }
    CHECK(only<SendResults>(f.after(1s)).empty());
    CHECK(f.loop.counts().items == 6);
    // Each suspect runs alone; the others wait.
    CHECK(only<StartRun>(f.on(ModelReady{model, "cpu", 2})).size() == 1);
    CHECK(only<StartRun>(f.end(f.started[4].run)).size() == 1);
    (void)f.on(ModelLoading{model});
    (void)f.end(f.started[5].run, crashed);
    const auto frames = only<SendResults>(f.after(5ms));
    REQUIRE(frames.size() == 1);
    REQUIRE(frames[0].results.size() == 2);
    CHECK(frames[0].results[0].outcome.body == "done");
    CHECK(frames[0].results[1].outcome.failure.code == FailureCode::engine_crashed);
    CHECK(only<StartRun>(f.on(ModelReady{model, "cpu", 2})).size() == 1);
    CHECK(only<StartRun>(f.end(f.started[6].run)).size() == 1);
    // The last suspect is cleared: the slots fill again.
    CHECK(only<StartRun>(f.end(f.started[7].run)).size() == 2);
}

TEST_CASE("when a model fails for good its leases and streams are handed back with the reason") {
    Fixture f;
    f.ready(2);
    (void)f.lease(7, 3);
    (void)f.stream(50);
    const Failure reason{.code = FailureCode::out_of_memory, .message = "too big"};
    const auto commands = f.on(ModelGone{model, reason});
    REQUIRE(only<SendLeaseReturn>(commands).size() == 1);
    CHECK(only<SendLeaseReturn>(commands)[0].reason == reason);
    REQUIRE(only<SendStreamEnd>(commands).size() == 1);
    CHECK(only<SendStreamEnd>(commands)[0].outcome.failure == reason);
    CHECK(f.loop.counts().running == 0);
}

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
