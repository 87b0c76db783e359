/// Aim: what the node sends passes the coordinator's checks, whatever the engine printed.

#include "client-core/runtime/wire_words.h"

#include <doctest/doctest.h>

#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"

namespace gleaner {
namespace {

TEST_CASE("a lease becomes an event with its items, deadline and end") {
    wire::Lease message;
    message.set_lease_id(7);
    message.set_model_sha256(std::string(64, 'a'));
    message.set_deadline_ms(1500);
    message.set_last(true);
    auto& item = *message.add_items();
    item.set_index(3);
    item.set_endpoint(wire::EMBEDDINGS);
    item.set_body("{}");
    const work::LeaseReceived event = to_event(std::move(message));
    CHECK(event.lease == LeaseId{7});
    CHECK(event.deadline == Duration{1500ms});
    CHECK(event.last);
    REQUIRE(event.items.size() == 1);
    CHECK(event.items[0].index == 3);
    CHECK(event.items[0].endpoint == work::Endpoint::embeddings);
    CHECK(event.items[0].body == "{}");
}

TEST_CASE("a stream without a deadline gets one all the same") {
    wire::StreamStart message;
    message.set_stream_id(9);
    message.set_endpoint(wire::COMPLETIONS);
    const work::StreamReceived event = to_event(std::move(message));
    CHECK(event.endpoint == work::Endpoint::completions);
    CHECK(event.deadline == Duration{24h});
}

TEST_CASE("results pass the check, good ones with a body and bad ones with a failure") {
    work::SendResults command;
    command.results.push_back({LeaseId{7}, 0, {.body = "{}", .prompt_tokens = 5}});
    command.results.push_back({LeaseId{7},
                               1,
                               {.failure = {.code = work::FailureCode::engine_crashed,
                                            .message = "gone \xff\x01 \n last line"}}});
    wire::ToCoordinator message;
    to_wire(std::move(command), *message.mutable_results());
    CHECK(wire::check(message));
    CHECK(message.results().results(0).prompt_tokens() == 5);
    CHECK(message.results().results(1).failure().code() == wire::Failure::ENGINE_CRASHED);
    CHECK(message.results().results(1).failure().message() == "gone ?? \n last line");
}

TEST_CASE("every cause of failure has the wire's number") {
    using work::FailureCode;
    for (int code = 1; code <= 11; ++code) {
        wire::Failure out;
        to_wire(work::Failure{.code = static_cast<FailureCode>(code)}, out);
        CHECK(static_cast<int>(out.code()) == code);
        CHECK(wire::Failure::Code_IsValid(out.code()));
    }
    CHECK(static_cast<int>(FailureCode::cancelled) == wire::Failure::CANCELLED);
    CHECK(static_cast<int>(FailureCode::reclaimed) == wire::Failure::RECLAIMED);
    CHECK(static_cast<int>(FailureCode::sandbox_unsafe) == wire::Failure::SANDBOX_UNSAFE);
}

TEST_CASE("capacity, lease returns and stream ends pass the check") {
    wire::ToCoordinator capacity;
    work::SendCapacity window;
    window.windows.push_back({Sha256{std::string(64, 'a')}, 512, 4});
    window.paused_reason = "game\nrunning";
    to_wire(std::move(window), *capacity.mutable_capacity());
    CHECK(wire::check(capacity));
    CHECK(capacity.capacity().paused_reason() == "game running");

    wire::ToCoordinator returned;
    work::SendLeaseReturn lease{LeaseId{7}, {1, 2}, {.code = work::FailureCode::reclaimed}};
    to_wire(std::move(lease), *returned.mutable_lease_return());
    CHECK(wire::check(returned));
    CHECK(returned.lease_return().unfinished_size() == 2);

    wire::ToCoordinator ended;
    work::SendStreamEnd end{StreamId{9}, {.generated_tokens = 12}};
    to_wire(std::move(end), *ended.mutable_stream_end());
    CHECK(wire::check(ended));
    CHECK_FALSE(ended.stream_end().has_failure());
}

TEST_CASE("errors become causes that blame the right side") {
    const auto cause = [](ErrorCode code) { return to_failure(Error(code, "x")).code; };
    CHECK(cause(ErrorCode::data_corrupt) == work::FailureCode::artefact_corrupt);
    CHECK(cause(ErrorCode::disk_full) == work::FailureCode::disk_full);
    CHECK(cause(ErrorCode::resource_exhausted) == work::FailureCode::out_of_memory);
    CHECK(cause(ErrorCode::unavailable) == work::FailureCode::artefact_unavailable);
    CHECK(cause(ErrorCode::failed_precondition) == work::FailureCode::engine_crashed);
    CHECK(cause(ErrorCode::unsupported) == work::FailureCode::unsupported);
}

TEST_CASE("a huge log is cut, not refused") {
    wire::Failure out;
    to_wire(work::Failure{.code = work::FailureCode::engine_crashed,
                          .message = std::string(100'000, 'x'),
                          .body = std::string(100'000, 'y')},
            out);
    CHECK(out.message().size() == 4'000);
    CHECK(out.body().empty());
}

}  // namespace
}  // namespace gleaner
