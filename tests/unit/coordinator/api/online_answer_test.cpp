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
    void close_stream(StreamId stream) override { closed.push_back(stream); }
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

OnlineAnswer::Order order(bool stream) {
    OnlineAnswer::Order order;
    order.id = RequestId{"req_1"};
    order.caller.project = ProjectId{"proj_1"};
    order.caller.customer = CustomerId{"cus_1"};
    order.model.name = "m";
    order.model.price = {1'000'000, 2'000'000};
    order.request.model = "m";
    order.request.stream = stream;
    order.request.generated_tokens_max = 50;
    order.request.body = R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":50})";
    return order;
}

/// One answer being given; run() lets everything happen that can.
struct Rig {
    explicit Rig(bool stream)
        : streaming(stream), answer(io.get_executor(), grid, clock, order(stream)) {
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
    void end(std::uint32_t prompt, std::uint32_t generated, std::string body = {}) {
        wire::StreamEnd end;
        end.set_prompt_tokens(prompt);
        end.set_generated_tokens(generated);
        end.set_body(std::move(body));
        grid.sink->on_end(end);
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
};

}  // namespace

TEST_CASE("a stream reaches the client as it comes and ends with DONE") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"});
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
    rig.grid.sink->on_started(NodeId{"node_a"});
    rig.text("one ", 2);
    rig.grid.sink->on_interrupted(NodeId{"node_a"}, core::FailureCause::connection_lost);
    rig.run();
    REQUIRE(rig.grid.requests.size() == 2);
    CHECK(rig.grid.requests[1].avoid == std::vector{NodeId{"node_a"}});
    CHECK(rig.grid.requests[1].body.find("one ") != std::string::npos);
    rig.grid.sink->on_started(NodeId{"node_b"});
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
    const auto bill = acceptance_of(rig.answer.order(), parts, rig.answer.attempts(), WallTime{});
    REQUIRE(bill.meters.size() == 2);
    CHECK(bill.meters[0].attempt_key != bill.meters[1].attempt_key);
    CHECK(bill.meters[0].prompt_tokens + bill.meters[1].prompt_tokens == 5);
    CHECK(bill.meters[0].generated_tokens == 2);
    CHECK(bill.meters[1].generated_tokens == 2);
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
    rig.grid.sink->on_started(NodeId{"node_a"});
    rig.text("ab", 2);
    rig.reply.hang_up();
    rig.run();
    CHECK(rig.over);
    CHECK(rig.grid.closed == std::vector{StreamId{1}});
    REQUIRE(rig.answer.parts().size() == 1);
    CHECK(rig.answer.parts()[0].generated_tokens == 2);
}

TEST_CASE("a stream that no node can go on with ends with an error event") {
    Rig rig(true);
    for (std::uint32_t attempt = 0; attempt < OnlineAnswer::attempts_max; ++attempt) {
        const NodeId node{"node_" + std::to_string(attempt)};
        rig.grid.sink->on_started(node);
        if (attempt == 0) rig.text("x", 1);
        rig.grid.sink->on_interrupted(node, core::FailureCause::engine_crashed);
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
    rig.grid.sink->on_started(NodeId{"node_a"});
    rig.grid.sink->on_delta("nonsense", 1);
    rig.run();
    CHECK(rig.grid.closed == std::vector{StreamId{1}});
    REQUIRE(rig.grid.requests.size() == 2);
    CHECK(rig.grid.requests[1].avoid == std::vector{NodeId{"node_a"}});
}

TEST_CASE("an engine's refusal is the client's error, with the engine's words") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"});
    wire::StreamEnd end;
    end.mutable_failure()->set_code(wire::Failure::REQUEST_REJECTED);
    end.mutable_failure()->set_http_status(400);
    end.mutable_failure()->set_body(R"({"error":{"message":"bad schema"}})");
    rig.grid.sink->on_end(end);
    rig.run();
    REQUIRE(rig.outcome.has_error());
    CHECK(rig.outcome.error().status() == 400);
    CHECK(rig.outcome.error().message() == "bad schema");
    CHECK(rig.answer.parts().empty());
}

TEST_CASE("a whole answer is tried again elsewhere and billed to who gave it") {
    Rig rig(false);
    rig.grid.sink->on_started(NodeId{"node_a"});
    rig.grid.sink->on_interrupted(NodeId{"node_a"}, core::FailureCause::reclaimed);
    rig.run();
    REQUIRE(rig.grid.requests.size() == 2);
    rig.grid.sink->on_started(NodeId{"node_b"});
    rig.end(4, 2, R"({"choices":[{"index":0,"message":{"content":"46"}}],"usage":{}})");
    REQUIRE(rig.outcome.has_value());
    CHECK(json::parse(rig.reply.text).at("id") == "chatcmpl-1");
    const auto parts = rig.answer.parts();
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].node.node == NodeId{"node_b"});
    CHECK(parts[0].prompt_tokens == 4);
    CHECK(parts[0].generated_tokens == 2);
}

TEST_CASE("an embedding costs its prompt") {
    Rig rig(false);
    rig.grid.sink->on_started(NodeId{"node_a"});
    rig.end(9, 0, R"({"choices":[],"data":[],"usage":{}})");
    REQUIRE(rig.answer.parts().size() == 1);
    CHECK(rig.answer.parts()[0].prompt_tokens == 9);
}

TEST_CASE("a client that does not read is cut off before its answer fills the memory") {
    Rig rig(true);
    rig.grid.sink->on_started(NodeId{"node_a"});
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
