/// Aim: how the work loop runs leases and streams. Method: feed events, look at the commands.

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/unit/client-core/core/work_loop_fixture.h"

namespace gleaner::work {
namespace {

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

TEST_CASE("a throttled model answers one request, and puts back what has only just begun") {
    Fixture f;
    f.ready(2);
    (void)f.lease(7, 6);
    REQUIRE(f.started.size() == 4);
    const ModelReady slowly{.model = model, .device = "cpu", .slots = 1, .ahead = false};
    CHECK(only<CancelRun>(f.on(slowly)).size() == 3);
    CHECK(only<StartRun>(f.end(f.started[0].run)).size() == 1);
    CHECK(only<StartRun>(f.on(ModelReady{model, "cpu", 2})).size() == 3);
}

TEST_CASE("streams that run go on when their model is throttled") {
    Fixture f;
    f.ready(2);
    (void)f.stream(50);
    (void)f.stream(51);
    REQUIRE(f.started.size() == 2);
    const ModelReady slowly{.model = model, .device = "cpu", .slots = 1, .ahead = false};
    CHECK(only<CancelRun>(f.on(slowly)).empty());
    CHECK(only<StartRun>(f.stream(52)).empty());
    (void)f.end(f.started[0].run);
    CHECK(only<StartRun>(f.end(f.started[1].run)).size() == 1);
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

}  // namespace
}  // namespace gleaner::work
