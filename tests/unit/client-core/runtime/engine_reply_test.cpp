/// Aim: token counts and refusals are read from what llama-server really sends.

#include "client-core/runtime/engine_reply.h"

#include <doctest/doctest.h>

namespace gleaner {
namespace {

TEST_CASE("a reply keeps its body and gives the tokens of its usage") {
    const std::string body =
        R"({"choices":[{"message":{"content":"579"}}],"usage":{"prompt_tokens":12,)"
        R"("completion_tokens":3},"timings":{"prompt_n":2,"cache_n":10,"predicted_n":4}})";
    const work::Outcome outcome = read_reply(200, body);
    CHECK(outcome.body == body);
    CHECK(outcome.failure.code == work::FailureCode::none);
    CHECK(outcome.prompt_tokens == 12);
    CHECK(outcome.generated_tokens == 3);
}

TEST_CASE("without usage the engine's timings count, cached prompt tokens included") {
    const auto outcome =
        read_reply(200, R"({"timings":{"prompt_n":2,"cache_n":10,"predicted_n":4}})");
    CHECK(outcome.prompt_tokens == 12);
    CHECK(outcome.generated_tokens == 4);
}

TEST_CASE("a refused request is the customer's and carries the engine's error object") {
    const std::string body =
        R"({"error":{"code":400,"message":"the request exceeds the context","type":"x"}})";
    const work::Outcome outcome = read_reply(400, body);
    CHECK(outcome.failure.code == work::FailureCode::request_rejected);
    CHECK(outcome.failure.message == "the request exceeds the context");
    CHECK(outcome.failure.http_status == 400);
    CHECK(outcome.failure.body == body);
    CHECK(outcome.body.empty());
}

TEST_CASE("a failing engine is not the customer's fault") {
    CHECK(read_reply(500, R"({"error":{"message":"boom"}})").failure.code ==
          work::FailureCode::engine_crashed);
    const auto not_json = read_reply(200, "<html>");
    CHECK(not_json.failure.code == work::FailureCode::engine_crashed);
    CHECK(not_json.body.empty());
    CHECK(not_json.failure.message.find("html") == std::string::npos);
}

TEST_CASE("counts that are no numbers are not believed") {
    const auto outcome =
        read_reply(200, R"({"usage":{"prompt_tokens":-5,"completion_tokens":"many"}})");
    CHECK(outcome.prompt_tokens == 0);
    CHECK(outcome.generated_tokens == 0);
}

TEST_CASE("in a stream every event with text counts until the engine says better") {
    StreamTokens tokens;
    CHECK(tokens.see(R"({"choices":[{"delta":{"role":"assistant","content":null}}]})"));
    CHECK(tokens.generated() == 0);
    CHECK(tokens.see(R"({"choices":[{"delta":{"content":"5"}}]})"));
    CHECK(tokens.see(R"({"choices":[{"text":"7"}]})"));
    CHECK(tokens.see(R"({"choices":[{"delta":{"reasoning_content":"hm"}}]})"));
    CHECK(tokens.generated() == 3);
    CHECK(tokens.see(R"({"choices":[{"delta":{"content":"9"}}],"timings":{"predicted_n":6}})"));
    CHECK(tokens.generated() == 6);
    CHECK(tokens.see(R"({"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":7}})"));
    CHECK(tokens.generated() == 7);
    CHECK(tokens.prompt() == 12);
    CHECK_FALSE(tokens.see("[DONE]"));
    CHECK(tokens.failure().code == work::FailureCode::none);
}

TEST_CASE("an error inside a stream is told apart by its code") {
    StreamTokens customer;
    CHECK(customer.see(R"({"error":{"code":400,"message":"too long"}})"));
    CHECK(customer.failure().code == work::FailureCode::request_rejected);
    StreamTokens engine;
    CHECK(engine.see(R"({"error":{"code":500,"message":"boom"}})"));
    CHECK(engine.failure().code == work::FailureCode::engine_crashed);
}

TEST_CASE("each endpoint has its route") {
    CHECK(engine_route(work::Endpoint::chat_completions) == "/v1/chat/completions");
    CHECK(engine_route(work::Endpoint::completions) == "/v1/completions");
    CHECK(engine_route(work::Endpoint::embeddings) == "/v1/embeddings");
}

}  // namespace
}  // namespace gleaner
