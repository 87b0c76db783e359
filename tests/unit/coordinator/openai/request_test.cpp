#include "coordinator/openai/request.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::openai;
namespace json = boost::json;

namespace {

const ModelFacts* known_model(std::string_view name) {
    static const ModelFacts chat{"m", 1000, false};
    static const ModelFacts embedding{"e", 100, true};
    if (name == "m") return &chat;
    return name == "e" ? &embedding : nullptr;
}

ApiResult<EngineRequest> checked(Endpoint endpoint, const std::string& body, bool stream = true) {
    RequestPolicy policy;
    policy.may_stream = stream;
    policy.seed = 42;
    return check_request(endpoint, body, known_model, policy);
}

ApiResult<EngineRequest> chat(const std::string& more) {
    return checked(Endpoint::chat_completions,
                   R"({"model":"m","messages":[{"role":"user","content":"hello"}])" +
                       (more.empty() ? "" : "," + more) + "}");
}

std::string param_of(const std::string& more) {
    const auto request = chat(more);
    return request.has_value() ? "accepted" : request.error().param();
}

json::object engine_of(const std::string& more) {
    const auto request = chat(more);
    REQUIRE(request.has_value());
    return json::parse(request.value().body).as_object();
}

}  // namespace

TEST_CASE("the engine gets sampling and messages, not what is the service's") {
    const auto engine = engine_of(R"("temperature":0.5,"user":"u","store":true,"top_k":3)");
    CHECK(engine.at("temperature") == 0.5);
    CHECK(engine.at("top_k") == 3);
    CHECK(engine.at("messages").at(0).at("content") == "hello");
    CHECK_FALSE(engine.contains("model"));
    CHECK_FALSE(engine.contains("user"));
    CHECK_FALSE(engine.contains("store"));
}

TEST_CASE("fields that could reach into the engine are refused by name") {
    for (const std::string field : {"id_slot", "lora", "n_predict", "response_fields", "n_probs"})
        CHECK(param_of("\"" + field + "\":1") == field);
}

TEST_CASE("null fields count as absent") {
    CHECK(chat(R"("temperature":null,"tools":null,"stop":null,"max_tokens":null)").has_value());
}

TEST_CASE("types and bounds are checked and named") {
    CHECK(param_of(R"("temperature":2.5)") == "temperature");
    CHECK(param_of(R"("temperature":"hot")") == "temperature");
    CHECK(param_of(R"("n":2)") == "n");
    CHECK(param_of(R"("n":1)") == "accepted");
    CHECK(param_of(R"("max_tokens":0)") == "max_tokens");
    CHECK(param_of(R"("max_completion_tokens":1001)") == "max_completion_tokens");
    CHECK(param_of(R"("stop":["a","b","c","d","e"])") == "stop");
    CHECK(param_of(R"("top_logprobs":3)") == "top_logprobs");
    CHECK(param_of(R"("stream_options":{"include_usage":true})") == "stream_options");
    CHECK(param_of(R"("response_format":{"type":"xml"})") == "response_format.type");
    CHECK(param_of(R"("tool_choice":"auto")") == "tool_choice");
    CHECK(param_of(R"("gleaner":{"privacy":"secret"})") == "gleaner");
}

TEST_CASE("a request may name a reservation, and a batch's line may not") {
    CHECK(chat("").value().reservation == std::nullopt);
    CHECK(chat(R"("gleaner":{"reservation":"ctr_1","privacy":"any"})").value().reservation ==
          "ctr_1");
    CHECK(param_of(R"("gleaner":{"reservation":""})") == "gleaner");
    CHECK(param_of(R"("gleaner":{"reservation":5})") == "gleaner");
    CHECK(param_of(R"("gleaner":{"reservation":")" + std::string(65, 'x') + "\"}") == "gleaner");
    const auto line = checked(Endpoint::chat_completions,
                              R"({"model":"m","messages":[{"role":"user","content":"hi"}],)"
                              R"("gleaner":{"reservation":"ctr_1"}})",
                              false);
    REQUIRE(line.has_error());
    CHECK(line.error().param() == "gleaner.reservation");
}

TEST_CASE("without a limit of its own a request may use the model's context") {
    const auto request = chat("");
    REQUIRE(request.has_value());
    CHECK(request.value().generated_tokens_max == 1000);
    CHECK(engine_of(R"("max_tokens":7)").at("max_tokens") == 7);
    CHECK(engine_of(R"("max_completion_tokens":8)").at("max_tokens") == 8);
}

TEST_CASE("a request without a seed gets the policy's, so that it can be computed again") {
    CHECK(engine_of("").at("seed") == 42);
    CHECK(engine_of(R"("seed":7)").at("seed") == 7);
    CHECK(engine_of(R"("seed":-1)").at("seed").as_int64() >= 0);
}

TEST_CASE("a stream counts its tokens whether or not the customer wants to know") {
    const auto plain = chat(R"("stream":true)");
    REQUIRE(plain.has_value());
    CHECK(plain.value().stream);
    CHECK_FALSE(plain.value().include_usage);
    const auto engine = json::parse(plain.value().body);
    CHECK(engine.at("stream_options").at("include_usage") == true);
    CHECK(engine.at("timings_per_token") == true);
    CHECK(chat(R"("stream":true,"stream_options":{"include_usage":true})").value().include_usage);
}

TEST_CASE("a batch line cannot stream") {
    const auto line = checked(Endpoint::chat_completions,
                              R"({"model":"m","stream":true,
                                  "messages":[{"role":"user","content":"x"}]})",
                              false);
    REQUIRE(line.has_error());
    CHECK(line.error().param() == "stream");
}

TEST_CASE("messages are checked one by one") {
    const auto refused = [](const std::string& messages) {
        const auto request =
            checked(Endpoint::chat_completions, R"({"model":"m","messages":)" + messages + "}");
        return request.has_value() ? "accepted" : request.error().param();
    };
    CHECK(refused("[]") == "messages");
    CHECK(refused(R"([{"role":"king","content":"x"}])") == "messages[0].role");
    CHECK(refused(R"([{"role":"user"}])") == "messages[0].content");
    CHECK(refused(R"([{"role":"user","content":[{"type":"image_url"}]}])") ==
          "messages[0].content[0].type");
    CHECK(refused(R"([{"role":"user","content":[{"type":"text","text":"x"}]}])") == "accepted");
    CHECK(refused(R"([{"role":"user","content":"x"},{"role":"assistant","tool_calls":[]}])") ==
          "accepted");
}

TEST_CASE("a prompt that cannot fit is refused before any node sees it") {
    const auto request = checked(Endpoint::completions,
                                 R"({"model":"m","prompt":")" + std::string(16'000, 'x') + "\"}");
    REQUIRE(request.has_error());
    CHECK(request.error().code() == "context_length_exceeded");
    CHECK(
        checked(Endpoint::completions, R"({"model":"m","prompt":")" + std::string(900, 'x') + "\"}")
            .has_value());
}

TEST_CASE("a named tool becomes the only one, and required") {
    const auto engine = engine_of(
        R"("tools":[{"type":"function","function":{"name":"a"}},
                    {"type":"function","function":{"name":"b"}}],
           "tool_choice":{"type":"function","function":{"name":"b"}})");
    CHECK(engine.at("tool_choice") == "required");
    REQUIRE(engine.at("tools").as_array().size() == 1);
    CHECK(engine.at("tools").at(0).at("function").at("name") == "b");
    CHECK(param_of(R"("tools":[{"type":"function","function":{"name":"a"}}],
                      "tool_choice":{"type":"function","function":{"name":"c"}})") ==
          "tool_choice");
}

TEST_CASE("completions take one text or one list of token ids") {
    const auto accepted = [](const std::string& prompt) {
        return checked(Endpoint::completions, R"({"model":"m","prompt":)" + prompt + "}")
            .has_value();
    };
    CHECK(accepted(R"("text")"));
    CHECK(accepted(R"(["text"])"));
    CHECK(accepted("[1,2,3]"));
    CHECK_FALSE(accepted(R"(["a","b"])"));
    CHECK_FALSE(accepted("[1,-2]"));
    CHECK_FALSE(accepted(R"("")"));
}

TEST_CASE("a model serves what it was made for") {
    const auto wrong = checked(Endpoint::embeddings, R"({"model":"m","input":"x"})");
    REQUIRE(wrong.has_error());
    CHECK(wrong.error().code() == "model_not_supported");
    const auto right = checked(Endpoint::embeddings, R"({"model":"e","input":["x","y"]})");
    REQUIRE(right.has_value());
    CHECK(right.value().messages == 2);
    const auto unknown = checked(Endpoint::embeddings, R"({"model":"q","input":"x"})");
    REQUIRE(unknown.has_error());
    CHECK(unknown.error().status() == 404);
    CHECK(unknown.error().code() == "model_not_found");
}

TEST_CASE("text that is not JSON is a 400") {
    for (const std::string body : {"", "{", "[]", "{\"a\":1}x", "\xff"}) {
        const auto request = checked(Endpoint::chat_completions, body);
        REQUIRE(request.has_error());
        CHECK(request.error().status() == 400);
    }
}
