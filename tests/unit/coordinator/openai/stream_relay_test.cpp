/// The relay against scripted nodes: whatever is lost where, the customer reads one text once.

#include "coordinator/openai/stream_relay.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::openai;
namespace json = boost::json;

namespace {

EngineRequest request_for(Endpoint endpoint) {
    EngineRequest request;
    request.endpoint = endpoint;
    request.model = "m";
    request.stream = true;
    request.include_usage = true;
    request.generated_tokens_max = 100;
    request.body = endpoint == Endpoint::completions
                       ? R"({"prompt":"go: ","max_tokens":100,"seed":1})"
                       : R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":100})";
    return request;
}

StreamRelay relay_for(EngineRequest request) {
    return StreamRelay(std::move(request), {"chatcmpl-1", "m", 5});
}

std::string delta(json::object content) {
    return json::serialize(json::object{
        {"choices",
         json::array{{{"index", 0}, {"delta", std::move(content)}, {"finish_reason", nullptr}}}}});
}

std::string text(std::string_view words) {
    return delta({{"content", words}});
}

std::string finish(std::string_view reason) {
    return json::serialize(json::object{
        {"choices",
         json::array{{{"index", 0}, {"delta", json::object()}, {"finish_reason", reason}}}}});
}

/// What a client reads.
struct Read {
    std::string text;
    std::string finish;
    json::array tool_calls;
    int roles = 0;
    json::value usage;
    bool done = false;
};

Read read(const std::string& stream) {
    Read result;
    std::size_t at = 0;
    while (at < stream.size()) {
        const auto end = stream.find("\n\n", at);
        REQUIRE(end != std::string::npos);
        const auto event = stream.substr(at, end - at);
        at = end + 2;
        REQUIRE(event.starts_with("data: "));
        if (event == "data: [DONE]") {
            CHECK(at == stream.size());
            result.done = true;
            continue;
        }
        const auto chunk = json::parse(event.substr(6)).as_object();
        CHECK(chunk.at("id") == "chatcmpl-1");
        CHECK_FALSE(chunk.contains("timings"));
        if (chunk.at("choices").as_array().empty()) {
            result.usage = chunk.at("usage");
            continue;
        }
        const auto& choice = chunk.at("choices").at(0).as_object();
        if (choice.at("finish_reason").is_string())
            result.finish = choice.at("finish_reason").as_string().c_str();
        if (const auto* t = choice.if_contains("text")) result.text += t->as_string().c_str();
        const auto* d = choice.if_contains("delta");
        if (d == nullptr) continue;
        const auto& fields = d->as_object();
        if (fields.contains("role")) ++result.roles;
        if (fields.contains("content")) result.text += fields.at("content").as_string().c_str();
        if (fields.contains("tool_calls")) result.tool_calls = fields.at("tool_calls").as_array();
    }
    return result;
}

}  // namespace

TEST_CASE("one node's stream comes through with one role, its finish, usage and DONE") {
    auto relay = relay_for(request_for(Endpoint::chat_completions));
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(R"({"choices":[{"index":0,"delta":{"role":"assistant","content":null}}],
        "timings":{"prompt_n":3,"cache_n":1,"predicted_n":1}})",
                           1, out));
    REQUIRE(relay.on_chunk(text("4"), 1, out));
    REQUIRE(relay.on_chunk(text("6"), 2, out));
    REQUIRE(relay.on_chunk(finish("stop"), 3, out));
    REQUIRE(relay.on_chunk("[DONE]", 3, out));
    relay.on_end({4, 3, 777}, out);
    const auto seen = read(out);
    CHECK(seen.text == "46");
    CHECK(seen.roles == 1);
    CHECK(seen.finish == "stop");
    CHECK(seen.done);
    CHECK(seen.usage.at("prompt_tokens") == 4);
    CHECK(seen.usage.at("completion_tokens") == 3);
    REQUIRE(relay.parts().size() == 1);
    CHECK(relay.parts()[0].device_micros == 777);
}

TEST_CASE("another node goes on from the text so far; its echo is not sent again") {
    auto relay = relay_for(request_for(Endpoint::chat_completions));
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(R"({"choices":[{"index":0,"delta":{"content":"one "}}],
        "timings":{"prompt_n":4,"cache_n":0,"predicted_n":2}})",
                           2, out));
    REQUIRE(relay.on_chunk(text("two "), 4, out));
    CHECK(relay.on_interrupted(false, out) == StreamRelay::Next::resume);
    const auto body = json::parse(relay.engine_body());
    CHECK(body.at("messages").at(1).at("role") == "assistant");
    CHECK(body.at("messages").at(1).at("content") == "one two ");
    CHECK(body.at("max_tokens") == 96);

    relay.begin_node("n2");
    REQUIRE(relay.on_chunk(text("one two"), 1, out));
    REQUIRE(relay.on_chunk(text(" three"), 2, out));
    REQUIRE(relay.on_chunk(finish("stop"), 3, out));
    relay.on_end({8, 3, 10}, out);
    const auto seen = read(out);
    CHECK(seen.text == "one two three");
    CHECK(seen.roles == 1);
    CHECK(seen.usage.at("prompt_tokens") == 4);
    CHECK(seen.usage.at("completion_tokens") == 7);
    REQUIRE(relay.parts().size() == 2);
    CHECK(relay.parts()[0].node == "n1");
    CHECK(relay.parts()[0].prompt_tokens == 4);
    CHECK(relay.parts()[0].generated_tokens == 4);
    CHECK(relay.parts()[1].prompt_tokens == 0);
    CHECK(relay.parts()[1].generated_tokens == 3);
}

TEST_CASE("a template that trims the text's end does not lose or repeat a word") {
    auto relay = relay_for(request_for(Endpoint::chat_completions));
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(text("one \n"), 1, out));
    REQUIRE(relay.on_interrupted(false, out) == StreamRelay::Next::resume);
    relay.begin_node("n2");
    REQUIRE(relay.on_chunk(text("onetwo"), 1, out));
    relay.on_end({0, 1, 0}, out);
    CHECK(read(out).text == "one \ntwo");
}

TEST_CASE("an interruption before the first word is a plain new try, billed once") {
    auto relay = relay_for(request_for(Endpoint::chat_completions));
    std::string out;
    relay.begin_node("n1");
    CHECK(relay.on_interrupted(false, out) == StreamRelay::Next::retry);
    CHECK_FALSE(relay.started());
    CHECK(relay.parts().empty());
    relay.begin_node("n2");
    REQUIRE(relay.on_chunk(text("x"), 1, out));
    relay.on_end({4, 1, 0}, out);
    CHECK(read(out).text == "x");
    REQUIRE(relay.parts().size() == 1);
    CHECK(relay.parts()[0].prompt_tokens == 4);
}

TEST_CASE("completions go on with the prompt and the text behind it") {
    auto relay = relay_for(request_for(Endpoint::completions));
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(R"({"choices":[{"index":0,"text":"abc"}]})", 3, out));
    REQUIRE(relay.on_interrupted(false, out) == StreamRelay::Next::resume);
    CHECK(json::parse(relay.engine_body()).at("prompt") == "go: abc");
    relay.begin_node("n2");
    REQUIRE(relay.on_chunk(R"({"choices":[{"index":0,"text":"def"}]})", 3, out));
    relay.on_end({10, 3, 0}, out);
    CHECK(read(out).text == "abcdef");
}

TEST_CASE("structured output is computed again, and what was sent is skipped if it is the same") {
    auto request = request_for(Endpoint::chat_completions);
    request.structured = true;
    auto relay = relay_for(request);
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(text("{\"a\""), 2, out));
    CHECK(relay.on_interrupted(false, out) == StreamRelay::Next::regenerate);
    CHECK(relay.engine_body() == request.body);
    SUBCASE("the same text goes on") {
        relay.begin_node("n2");
        REQUIRE(relay.on_chunk(text("{"), 1, out));
        REQUIRE(relay.on_chunk(text("\"a\":1}"), 5, out));
        REQUIRE(relay.on_chunk(finish("stop"), 6, out));
        relay.on_end({4, 6, 0}, out);
        CHECK(read(out).text == "{\"a\":1}");
        REQUIRE(relay.parts().size() == 2);
        CHECK(relay.parts()[1].generated_tokens == 4);  // the first two were n1's
    }
    SUBCASE("another text ends the stream") {
        relay.begin_node("n2");
        CHECK(relay.on_chunk(text("{\"b\""), 2, out).has_error());
        CHECK(relay.on_interrupted(false, out) == StreamRelay::Next::give_up);
        CHECK(read(out).text == "{\"a\"");
    }
}

TEST_CASE("a half-made tool call of a lost node is never seen") {
    auto request = request_for(Endpoint::chat_completions);
    request.has_tools = true;
    auto relay = relay_for(request);
    const auto call = [](std::string_view id, std::string_view name, std::string_view arguments) {
        json::object piece{{"index", 0}, {"function", {{"name", name}, {"arguments", arguments}}}};
        if (!id.empty()) piece["id"] = id;
        return delta({{"tool_calls", json::array{std::move(piece)}}});
    };
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(call("c1", "add", "{\"a\":"), 4, out));
    REQUIRE(relay.on_interrupted(false, out) == StreamRelay::Next::retry);
    relay.begin_node("n2");
    REQUIRE(relay.on_chunk(call("c2", "add", "{\"a\":"), 4, out));
    REQUIRE(relay.on_chunk(call("", "", "1}"), 6, out));
    REQUIRE(relay.on_chunk(finish("tool_calls"), 7, out));
    relay.on_end({4, 7, 0}, out);
    const auto seen = read(out);
    REQUIRE(seen.tool_calls.size() == 1);
    CHECK(seen.tool_calls[0].at("id") == "c2");
    CHECK(seen.tool_calls[0].at("function").at("arguments") == "{\"a\":1}");
    CHECK(seen.finish == "tool_calls");
    REQUIRE(relay.parts().size() == 1);
    CHECK(relay.parts()[0].node == "n2");
}

TEST_CASE("a node that is lost after the finish costs nothing more") {
    auto relay = relay_for(request_for(Endpoint::chat_completions));
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(text("x"), 1, out));
    REQUIRE(relay.on_chunk(finish("stop"), 2, out));
    CHECK(relay.on_interrupted(false, out) == StreamRelay::Next::finished);
    const auto seen = read(out);
    CHECK(seen.done);
    CHECK(seen.usage.at("completion_tokens") == 2);
}

TEST_CASE("an answer that has used its tokens is finished, not continued") {
    auto request = request_for(Endpoint::chat_completions);
    request.generated_tokens_max = 2;
    auto relay = relay_for(request);
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(text("ab"), 2, out));
    CHECK(relay.on_interrupted(false, out) == StreamRelay::Next::finished);
    CHECK(read(out).finish == "length");
}

TEST_CASE("an engine that refuses to go on from the text computes it again") {
    auto relay = relay_for(request_for(Endpoint::chat_completions));
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(text("ab"), 2, out));
    REQUIRE(relay.on_interrupted(false, out) == StreamRelay::Next::resume);
    relay.begin_node("n2");
    CHECK(relay.on_interrupted(true, out) == StreamRelay::Next::regenerate);
}

TEST_CASE("a customer who leaves pays for what was relayed") {
    auto relay = relay_for(request_for(Endpoint::chat_completions));
    std::string out;
    relay.begin_node("n1");
    REQUIRE(relay.on_chunk(text("ab"), 2, out));
    relay.abandon();
    REQUIRE(relay.parts().size() == 1);
    CHECK(relay.parts()[0].generated_tokens == 2);
}

TEST_CASE("an event that is no JSON, or an error, is not relayed") {
    auto relay = relay_for(request_for(Endpoint::chat_completions));
    std::string out;
    relay.begin_node("n1");
    CHECK(relay.on_chunk("nonsense", 1, out).has_error());
    CHECK(relay.on_chunk(R"({"error":{"message":"slot lost"}})", 1, out).has_error());
    CHECK(out.empty());
}

TEST_CASE("the customer's own prefill is continued, not answered twice") {
    auto request = request_for(Endpoint::chat_completions);
    request.body = R"({"messages":[{"role":"assistant","content":"one"}],"max_tokens":9})";
    const auto body = json::parse(resumed_body(request, "one two", "", 5));
    REQUIRE(body.at("messages").as_array().size() == 1);
    CHECK(body.at("messages").at(0).at("content") == "one two");
    CHECK(body.at("max_tokens") == 5);
    CHECK(resumed_body(request, "other", "", 5).empty());
}
