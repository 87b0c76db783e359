#include "coordinator/openai/engine_reply.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner::openai;
namespace json = boost::json;

namespace {

ReplyFacts chat_facts() {
    ReplyFacts facts;
    facts.id = "chatcmpl-x";
    facts.model = "demo";
    facts.created_s = 7;
    return facts;
}

constexpr std::string_view logprobs =
    R"("logprobs":{"content":[{"id":5,"token":"7","bytes":[55],"logprob":-0.5,
       "top_logprobs":[{"id":5,"token":"7","bytes":[55],"logprob":-0.5},
                       {"id":6,"token":"8","bytes":[56],"logprob":-3.4e38}]}]})";

}  // namespace

TEST_CASE("a chat reply keeps the answer and loses what is the engine's own") {
    const auto text = openai_reply(
        R"({"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant",
            "content":"46"}}],"created":1,"model":"r.gguf","system_fingerprint":"b1",
            "object":"chat.completion","usage":{"completion_tokens":2,"prompt_tokens":3,
            "total_tokens":5},"id":"engine","timings":{"predicted_n":2}})",
        chat_facts());
    REQUIRE(text.has_value());
    const auto reply = json::parse(text.value()).as_object();
    CHECK(reply.at("id") == "chatcmpl-x");
    CHECK(reply.at("model") == "demo");
    CHECK(reply.at("object") == "chat.completion");
    CHECK(reply.at("created") == 7);
    CHECK_FALSE(reply.contains("timings"));
    const auto& choice = reply.at("choices").at(0);
    CHECK(choice.at("message").at("content") == "46");
    CHECK(choice.at("message").at("refusal").is_null());
    CHECK(choice.at("logprobs").is_null());
    CHECK(reply.at("usage").at("total_tokens") == 5);
}

TEST_CASE("log-probabilities have as many alternatives as were asked for") {
    auto facts = chat_facts();
    facts.top_logprobs = 1;
    const std::string engine = R"({"choices":[{"index":0,"message":{"content":"7"},)" +
                               std::string(logprobs) + R"(}],"usage":{}})";
    const auto text = openai_reply(engine, facts);
    REQUIRE(text.has_value());
    const auto entry =
        json::parse(text.value()).at("choices").at(0).at("logprobs").at("content").at(0);
    CHECK(entry.at("token") == "7");
    CHECK_FALSE(entry.as_object().contains("id"));
    CHECK(entry.at("top_logprobs").as_array().size() == 1);
}

TEST_CASE("completions have log-probabilities in their older form, impossible ones as -9999") {
    auto facts = chat_facts();
    facts.endpoint = Endpoint::completions;
    facts.top_logprobs = 2;
    const std::string engine =
        R"({"choices":[{"index":0,"text":"7",)" + std::string(logprobs) + R"(}],"usage":{}})";
    const auto text = openai_reply(engine, facts);
    REQUIRE(text.has_value());
    const auto parsed = json::parse(text.value());
    CHECK(parsed.at("object") == "text_completion");
    const auto& given = parsed.at("choices").at(0).at("logprobs");
    CHECK(given.at("tokens").at(0) == "7");
    CHECK(given.at("text_offset").at(0) == 0);
    CHECK(given.at("top_logprobs").at(0).at("8").to_number<double>() == -9999.0);
}

TEST_CASE("a reply without choices or usage is the node's fault") {
    CHECK(openai_reply("{}", chat_facts()).has_error());
    CHECK(openai_reply("nonsense", chat_facts()).has_error());
    CHECK(openai_reply(R"({"choices":[3],"usage":{}})", chat_facts()).has_error());
}

TEST_CASE("the engine's refusal becomes OpenAI's") {
    const auto refusal = engine_refusal(
        R"({"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}})", 400,
        "");
    CHECK(refusal.status() == 400);
    CHECK(refusal.code() == "context_length_exceeded");
    CHECK(refusal.message() == "too long");
    const auto sized = engine_refusal(
        R"({"error":{"message":"try increasing it","type":"exceed_context_size_error",
            "n_prompt_tokens":9,"n_ctx":8}})",
        400, "");
    CHECK(sized.message().find("maximum context length is 8 tokens") != std::string::npos);
    CHECK(engine_refusal("", 503, "crashed").status() == 500);
    CHECK(engine_refusal("", 401, "odd").status() == 400);
}

TEST_CASE("cached prompt tokens come from the reply, and are never more than the prompt has") {
    const auto cached = [](const std::string& usage, const std::string& more = "") {
        const auto engine = json::parse(R"({"usage":)" + usage + more + "}");
        return cached_prompt_tokens(engine.as_object());
    };
    CHECK(cached(R"({"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4}})") == 4);
    CHECK(cached(R"({"prompt_tokens":10})", R"(,"timings":{"cache_n":6,"prompt_n":4})") == 6);
    CHECK(cached(R"({"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":40}})") == 10);
    CHECK(cached(R"({"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":-4}})") == 0);
    CHECK(cached(R"({"prompt_tokens":10,"prompt_tokens_details":"x"})") == 0);
    CHECK(cached(R"({"prompt_tokens":-1,"prompt_tokens_details":{"cached_tokens":4}})") == 0);
    CHECK(cached("7") == 0);
}

TEST_CASE("a customer sees in `usage` the cached tokens that are billed as such") {
    ReplyFacts facts;
    facts.id = "chatcmpl-1";
    facts.model = "m";
    const auto reply =
        openai_reply(R"({"choices":[{"index":0,"message":{"content":"4"},"finish_reason":"stop"}],)"
                     R"("usage":{"prompt_tokens":5,"completion_tokens":1,)"
                     R"("prompt_tokens_details":{"cached_tokens":50}}})",
                     facts);
    REQUIRE(reply.has_value());
    const auto usage = json::parse(reply.value()).at("usage");
    CHECK(usage.at("prompt_tokens_details").at("cached_tokens") == 5);
    CHECK(usage.at("completion_tokens") == 1);
}
