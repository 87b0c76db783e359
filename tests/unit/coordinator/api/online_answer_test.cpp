/// Answers given by one node, by several, or by none.

#include <doctest/doctest.h>

#include "coordinator/api/openai/settlements.h"
#include "tests/unit/coordinator/api/online_answer_rig.h"

using namespace gleaner;
using namespace gleaner::api;
using namespace gleaner::api::test;

TEST_CASE("a stream reaches the client as it comes and ends with DONE") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"}, false);
    rig.text("4", 1);
    CHECK(rig.client_text() == "4");
    rig.clock.advance(5ms);
    rig.text("6", 2);
    rig.end(3, 2);
    CHECK(rig.client_text() == "46");
    CHECK(rig.reply.text.ends_with("data: [DONE]\n\n"));
    CHECK(rig.reply.finished);
    CHECK(rig.over);
    CHECK(rig.grid.closed.empty());
    CHECK(rig.answer.first_after() == Duration(0));
}

TEST_CASE("when the node dies the client reads on as if nothing had happened") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"}, false);
    rig.text("one ", 2);
    rig.grid.sink->on_interrupted(NodeId{"node_a"}, core::FailureCause::connection_lost, 1'500);
    rig.run();
    REQUIRE(rig.grid.requests.size() == 2);
    CHECK(rig.grid.requests[1].avoid == std::vector{NodeId{"node_a"}});
    CHECK(rig.grid.requests[1].body.find("one ") != std::string::npos);
    rig.grid.sink->on_started(NodeId{"node_b"}, false);
    rig.text("one ", 1);
    rig.text("two", 2);
    rig.end(7, 2);
    CHECK(rig.client_text() == "one two");
    CHECK(rig.outcome.has_value());

    const auto parts = rig.answer.parts();
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].node.node == NodeId{"node_a"});
    CHECK(parts[0].stream == StreamId{1});
    CHECK(parts[1].stream == StreamId{2});
    const auto bill =
        acceptance_of(rig.answer.order(), parts, rig.answer.attempts(), false, WallTime{});
    REQUIRE(bill.meters.size() == 2);
    CHECK(bill.meters[0].attempt_key != bill.meters[1].attempt_key);
    CHECK(bill.meters[0].prompt_tokens + bill.meters[1].prompt_tokens == 5);
    CHECK(bill.meters[0].generated_tokens == 2);
    CHECK(bill.meters[1].generated_tokens == 2);
    CHECK(bill.meters[0].device_micros == 1'500);
    CHECK(bill.meters[1].device_micros == 2'500);
    const auto receipt = json::parse(bill.receipt_json);
    CHECK(receipt.at("attempts") == 2);
    CHECK(receipt.at("price_micros") == 5 + 2 * 4);
}

TEST_CASE("an answer on reserved machines runs only there, and counts no time: hours are paid") {
    auto reserved = order(true);
    reserved.reservation = "ctr_1";
    reserved.price = {};
    Rig rig(std::move(reserved));
    REQUIRE(rig.grid.requests.size() == 1);
    CHECK(rig.grid.requests[0].reservation == "ctr_1");
    rig.grid.sink->on_started(NodeId{"node_a"}, true);
    rig.text("46", 1);
    rig.end(3, 1);
    const auto bill =
        acceptance_of(rig.answer.order(), rig.answer.parts(), 1, rig.answer.verified(), WallTime{});
    REQUIRE(bill.meters.size() == 1);
    CHECK(bill.meters[0].generated_tokens == 1);
    CHECK(bill.meters[0].price == Money{});
    CHECK(bill.meters[0].device_micros == 0);
    CHECK(bill.meters[0].reference_micros == 0);
    CHECK(json::parse(bill.receipt_json).at("reservation") == "ctr_1");
}

TEST_CASE("a grid that is full is a 429 with the time to come back") {
    Rig rig(true);
    rig.grid.sink->on_refused(Error(ErrorCode::unavailable, "all busy"), 3s);
    rig.run();
    REQUIRE(rig.over);
    REQUIRE(rig.outcome.has_error());
    CHECK(rig.outcome.error().status() == 429);
    CHECK(rig.outcome.error().retry_after() == Duration(3s));
    CHECK_FALSE(rig.reply.begun());
}

TEST_CASE("a model that fits no node is a 503") {
    Rig rig(false);
    rig.grid.sink->on_refused(Error(ErrorCode::failed_precondition, "too big"), 0s);
    rig.run();
    REQUIRE(rig.outcome.has_error());
    CHECK(rig.outcome.error().status() == 503);
}

TEST_CASE("a client that hangs up stops the node and pays for what was relayed") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"}, false);
    rig.text("ab", 2);
    rig.reply.hang_up();
    rig.run();
    CHECK(rig.over);
    CHECK(rig.grid.closed == std::vector{StreamId{1}});
    REQUIRE(rig.answer.parts().size() == 1);
    CHECK(rig.answer.parts()[0].generated_tokens == 2);
    CHECK(rig.answer.parts()[0].device_micros == 700);
}

TEST_CASE("a stream that no node can go on with ends with an error event") {
    Rig rig(true);
    for (std::uint32_t attempt = 0; attempt < OnlineAnswer::attempts_max; ++attempt) {
        const NodeId node{"node_" + std::to_string(attempt)};
        rig.grid.sink->on_started(node, false);
        if (attempt == 0) rig.text("x", 1);
        rig.grid.sink->on_interrupted(node, core::FailureCause::engine_crashed, 0);
        rig.run();
    }
    CHECK(rig.over);
    CHECK(rig.outcome.has_value());
    CHECK(rig.reply.text.find("stream_interrupted") != std::string::npos);
    CHECK(rig.reply.text.find("[DONE]") == std::string::npos);
    CHECK(rig.grid.requests.size() == OnlineAnswer::attempts_max);
}

TEST_CASE("a node that sends nonsense is stopped and another one takes over") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"}, false);
    rig.grid.sink->on_delta("nonsense", 1);
    rig.run();
    CHECK(rig.grid.closed == std::vector{StreamId{1}});
    REQUIRE(rig.grid.requests.size() == 2);
    CHECK(rig.grid.requests[1].avoid == std::vector{NodeId{"node_a"}});
}

TEST_CASE("an engine's refusal is the client's error, with the engine's words") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"}, true);
    rig.refuse();
    REQUIRE(rig.outcome.has_error());
    CHECK(rig.outcome.error().status() == 400);
    CHECK(rig.outcome.error().message() == "bad schema");
    CHECK(rig.answer.parts().empty());
}

TEST_CASE("a stranger's refusal is put to another site, whose answer counts") {
    for (const bool stream : {true, false}) {
        Rig rig(stream);
        rig.grid.sink->on_started(NodeId{"node_a"}, false);
        rig.refuse();
        CHECK_FALSE(rig.over);
        REQUIRE(rig.grid.requests.size() == 2);
        CHECK(rig.grid.requests[1].avoid == std::vector{NodeId{"node_a"}});
        CHECK(rig.grid.requests[1].refused_by == std::vector{NodeId{"node_a"}});
        rig.grid.sink->on_started(NodeId{"node_b"}, false);
        if (stream) rig.text("46", 2);
        rig.end(
            3, 2,
            R"({"choices":[{"index":0,"message":{"content":"46"},"finish_reason":"stop"}],"usage":{}})");
        CHECK(rig.outcome.has_value());
        REQUIRE(rig.answer.parts().size() == 1);
        CHECK(rig.answer.parts()[0].node.node == NodeId{"node_b"});
    }
}

TEST_CASE("a refusal is the client's error when a second site says so, or none is there to ask") {
    for (const bool another : {true, false}) {
        Rig rig(false);
        rig.grid.sink->on_started(NodeId{"node_a"}, false);
        rig.refuse();
        REQUIRE(rig.grid.requests.size() == 2);
        if (another) {
            rig.grid.sink->on_started(NodeId{"node_b"}, false);
            rig.refuse();
        } else {
            rig.grid.sink->on_refused(Error(ErrorCode::unavailable, "no node", Blame::platform),
                                      1s);
            rig.run();
        }
        CHECK(rig.over);
        REQUIRE(rig.outcome.has_error());
        CHECK(rig.outcome.error().status() == 400);
        CHECK(rig.outcome.error().message() == "bad schema");
        CHECK(rig.answer.parts().empty());
    }
}

TEST_CASE("a whole answer is tried again elsewhere and billed to who gave it") {
    Rig rig(false);
    rig.grid.sink->on_started(NodeId{"node_a"}, false);
    rig.grid.sink->on_interrupted(NodeId{"node_a"}, core::FailureCause::reclaimed, 0);
    rig.run();
    REQUIRE(rig.grid.requests.size() == 2);
    rig.grid.sink->on_started(NodeId{"node_b"}, false);
    rig.end(
        4, 2,
        R"({"choices":[{"index":0,"message":{"content":"46"},"finish_reason":"stop"}],"usage":{}})");
    REQUIRE(rig.outcome.has_value());
    CHECK(json::parse(rig.reply.text).at("id") == "chatcmpl-1");
    const auto parts = rig.answer.parts();
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].node.node == NodeId{"node_b"});
    CHECK(parts[0].prompt_tokens == 4);
    CHECK(parts[0].generated_tokens == 2);
}

TEST_CASE("an embedding costs its prompt") {
    Rig rig(false, openai::Endpoint::embeddings);
    rig.grid.sink->on_started(NodeId{"node_a"}, false);
    rig.end(9, 0, R"({"data":[{"index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":9}})");
    REQUIRE(rig.answer.parts().size() == 1);
    CHECK(rig.answer.parts()[0].prompt_tokens == 9);
}

TEST_CASE("a client that does not read is cut off before its answer fills the memory") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"}, false);
    const std::string much(200'000, 'x');
    for (int i = 0; i < 6; ++i) {
        const json::object chunk{
            {"choices", json::array{{{"index", 0}, {"delta", {{"content", much}}}}}}};
        rig.grid.sink->on_delta(json::serialize(chunk), 1);
    }
    rig.run();
    CHECK(rig.over);
    CHECK(rig.grid.closed == std::vector{StreamId{1}});
}

TEST_CASE("an answer is verified when it passed the verifier and its node is trusted") {
    for (const bool stream : {true, false})
        for (const bool trusted : {true, false}) {
            Rig rig(stream);
            rig.grid.sink->on_started(NodeId{"node_a"}, trusted);
            if (stream) rig.text("46", 2);
            rig.end(
                3, 2,
                R"({"choices":[{"index":0,"message":{"content":"46"},"finish_reason":"stop"}],"usage":{}})");
            CHECK(rig.verdict == core::Verdict::plausible);
            CHECK(rig.answer.verified() == trusted);
            const auto bill =
                acceptance_of(rig.answer.order(), rig.answer.parts(), rig.answer.attempts(),
                              rig.answer.verified(), WallTime{});
            CHECK(json::parse(bill.receipt_json).at("verified") == trusted);
        }
}

TEST_CASE("a stream that claims more tokens than its text can have is refused and costs nothing") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"}, true);
    rig.end(3, 50);  // of no text
    CHECK(rig.verdict == core::Verdict::implausible);
    CHECK_FALSE(rig.answer.verified());
    CHECK(rig.answer.parts().empty());
}

TEST_CASE("a whole answer that cannot be is asked of another node") {
    Rig rig(false);
    rig.grid.sink->on_started(NodeId{"node_a"}, true);
    rig.end(3, 9,
            R"({"choices":[{"index":0,"message":{"content":"46"},"finish_reason":"stop"}],)"
            R"("usage":{"prompt_tokens":3,"completion_tokens":2}})");
    CHECK(rig.verdict == core::Verdict::implausible);
    REQUIRE(rig.grid.requests.size() == 2);
    CHECK(rig.grid.requests[1].avoid == std::vector{NodeId{"node_a"}});
    rig.grid.sink->on_started(NodeId{"node_b"}, true);
    rig.end(
        3, 2,
        R"({"choices":[{"index":0,"message":{"content":"46"},"finish_reason":"stop"}],"usage":{}})");
    CHECK(rig.over);
    CHECK(rig.answer.verified());
    REQUIRE(rig.answer.parts().size() == 1);
    CHECK(rig.answer.parts()[0].node.node == NodeId{"node_b"});
}

TEST_CASE("an answer that several nodes wrote is not judged") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"}, true);
    rig.text("one ", 2);
    rig.grid.sink->on_interrupted(NodeId{"node_a"}, core::FailureCause::connection_lost, 0);
    rig.run();
    rig.grid.sink->on_started(NodeId{"node_b"}, true);
    rig.text("two", 2);
    rig.end(7, 2);
    CHECK(rig.verdict == core::Verdict::plausible);
    CHECK_FALSE(rig.answer.verified());
}
