/// An answer over scripted nodes: the grid is a fake that the test drives step by step on the
/// answer's own executor; the client is a Reply that keeps what it is sent.

#include "coordinator/api/openai/online_answer.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "coordinator/api/openai/settlements.h"
#include "shared/proto/wire.pb.h"

using namespace gleaner;
using namespace gleaner::api;
namespace asio = boost::asio;
namespace json = boost::json;

namespace {

class FakeGrid final : public StreamPlacer {
public:
    StreamId open_stream(runtime::StreamRequest request, runtime::StreamSink& receiver) override {
        requests.push_back(std::move(request));
        sink = &receiver;
        return StreamId{requests.size()};
    }
    std::uint64_t close_stream(StreamId stream) override {
        closed.push_back(stream);
        return 700;
    }
    std::optional<runtime::NodeFacts> facts(const NodeId& node) const override {
        runtime::NodeFacts facts;
        facts.node = node;
        facts.site = SiteId{"site_" + node.get()};
        facts.owner = OwnerId{"own_1"};
        facts.device_class = "cpu";
        return facts;
    }
    std::vector<runtime::StreamRequest> requests;
    std::vector<StreamId> closed;
    runtime::StreamSink* sink = nullptr;
};

class KeptReply final : public Reply {
public:
    asio::awaitable<Status> send(int status, std::string, std::string body) override {
        status_ = status;
        text += body;
        co_return ok();
    }
    asio::awaitable<Status> begin(int status, std::string, std::optional<std::uint64_t>) override {
        status_ = status;
        co_return ok();
    }
    asio::awaitable<Status> write(std::string piece) override {
        text += piece;
        co_return ok();
    }
    asio::awaitable<Status> finish() override {
        finished = true;
        co_return ok();
    }
    void set_on_gone(std::function<void()> on_gone) override { hang_up = std::move(on_gone); }
    bool begun() const override { return status_ != 0; }
    int status() const override { return status_; }

    std::string text;
    bool finished = false;
    std::function<void()> hang_up;

private:
    int status_ = 0;
};

OnlineAnswer::Order order(bool stream,
                          openai::Endpoint endpoint = openai::Endpoint::chat_completions) {
    OnlineAnswer::Order order;
    order.id = RequestId{"req_1"};
    order.caller.project = ProjectId{"proj_1"};
    order.caller.customer = CustomerId{"cus_1"};
    order.model.name = "m";
    order.model.price = {1'000'000, 2'000'000};
    order.model.context_tokens = 4'096;
    order.request.model = "m";
    order.request.endpoint = endpoint;
    order.request.stream = stream;
    order.request.generated_tokens_max = 50;
    order.request.body = R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":50})";
    return order;
}

/// One answer being given; run() lets everything happen that can.
struct Rig {
    explicit Rig(bool stream, openai::Endpoint endpoint = openai::Endpoint::chat_completions)
        : streaming(stream), answer(io.get_executor(), grid, clock, order(stream, endpoint)) {
        asio::co_spawn(io, answer_to_client(), [](const std::exception_ptr& thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
        run();
    }
    asio::awaitable<void> answer_to_client() {
        if (streaming) {
            outcome = co_await answer.stream_to(reply);
        } else {
            auto whole = co_await answer.whole(reply);
            outcome = whole.has_error() ? ApiStatus(whole.error()) : api_ok();
            if (whole.has_value()) reply.text = whole.value();
        }
        over = true;
    }
    void run() {
        io.restart();
        io.poll();
    }
    void text(std::string_view words, std::uint32_t tokens) {
        const json::object chunk{
            {"choices", json::array{{{"index", 0}, {"delta", {{"content", words}}}}}}};
        grid.sink->on_delta(json::serialize(chunk), tokens);
        run();
    }
    void finish(std::string_view reason) {
        const json::object chunk{
            {"choices",
             json::array{{{"index", 0}, {"delta", json::object()}, {"finish_reason", reason}}}}};
        grid.sink->on_delta(json::serialize(chunk), 0);
        run();
    }
    void end(std::uint32_t prompt, std::uint32_t generated, std::string body = {}) {
        if (streaming) finish("stop");
        wire::StreamEnd end;
        end.set_device_micros(2'500);
        end.set_prompt_tokens(prompt);
        end.set_generated_tokens(generated);
        end.set_body(std::move(body));
        verdict = grid.sink->on_end(end);
        run();
    }
    [[nodiscard]] std::string client_text() const {
        std::string words;
        for (std::size_t at = 0; (at = reply.text.find("data: {", at)) != std::string::npos;) {
            const auto stop = reply.text.find("\n\n", at);
            const auto chunk = json::parse(reply.text.substr(at + 6, stop - at - 6)).as_object();
            at = stop;
            if (!chunk.contains("choices") || chunk.at("choices").as_array().empty()) continue;
            const auto& delta = chunk.at("choices").at(0).at("delta").as_object();
            if (delta.contains("content")) words += delta.at("content").as_string().c_str();
        }
        return words;
    }

    bool streaming;
    asio::io_context io;
    ManualClock clock;
    FakeGrid grid;
    KeptReply reply;
    OnlineAnswer answer;
    ApiStatus outcome = api_ok();
    bool over = false;
    core::Verdict verdict = core::Verdict::plausible;
};

}  // namespace

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
    rig.grid.sink->on_started(NodeId{"node_a"}, false);
    wire::StreamEnd end;
    end.mutable_failure()->set_code(wire::Failure::REQUEST_REJECTED);
    end.mutable_failure()->set_http_status(400);
    end.mutable_failure()->set_body(R"({"error":{"message":"bad schema"}})");
    CHECK(rig.grid.sink->on_end(end) == core::Verdict::plausible);
    rig.run();
    REQUIRE(rig.outcome.has_error());
    CHECK(rig.outcome.error().status() == 400);
    CHECK(rig.outcome.error().message() == "bad schema");
    CHECK(rig.answer.parts().empty());
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
