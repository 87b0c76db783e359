#pragma once
/// An answer over scripted nodes: the grid is a fake that the test drives step by step on the
/// answer's own executor; the client is a Reply that keeps what it is sent.

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "coordinator/api/openai/online_answer.h"
#include "shared/proto/wire.pb.h"

namespace gleaner::api::test {

namespace asio = boost::asio;
namespace json = boost::json;

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

inline OnlineAnswer::Order order(bool stream,
                                 openai::Endpoint endpoint = openai::Endpoint::chat_completions) {
    OnlineAnswer::Order order;
    order.id = RequestId{"req_1"};
    order.caller.project = ProjectId{"proj_1"};
    order.caller.customer = CustomerId{"cus_1"};
    order.model.name = "m";
    order.price = {1'000'000, 2'000'000};
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
        : Rig(order(stream, endpoint)) {}
    explicit Rig(OnlineAnswer::Order ordered)
        : streaming(ordered.request.stream),
          answer(io.get_executor(), grid, clock, std::move(ordered)) {
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
    void refuse() {
        wire::StreamEnd end;
        end.mutable_failure()->set_code(wire::Failure::REQUEST_REJECTED);
        end.mutable_failure()->set_http_status(400);
        end.mutable_failure()->set_body(R"({"error":{"message":"bad schema"}})");
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

}  // namespace gleaner::api::test
