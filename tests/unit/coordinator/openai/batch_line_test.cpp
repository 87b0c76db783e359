#include "coordinator/openai/batch_line.h"

#include <doctest/doctest.h>

using namespace gleaner::openai;

namespace {

std::string code_of(std::string_view line) {
    const auto parsed = parse_batch_line(line, Endpoint::chat_completions, {});
    return parsed.has_value() ? "" : parsed.error().code();
}

}  // namespace

TEST_CASE("a complete line gives its id and its body") {
    const auto line = parse_batch_line(
        R"({"custom_id":"a1","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}})",
        Endpoint::chat_completions, {});
    REQUIRE(line.has_value());
    CHECK(line.value().custom_id == "a1");
    CHECK(line.value().body.at("model") == "m");
}

TEST_CASE("what is wrong with an envelope is named by OpenAI's codes") {
    const std::string url = R"("url":"/v1/chat/completions")";
    CHECK(code_of("{nope") == "invalid_json_line");
    CHECK(code_of("[1]") == "invalid_json_line");
    CHECK(code_of(R"({"method":"POST",)" + url + R"(,"body":{}})") == "missing_required_parameter");
    CHECK(code_of(R"({"custom_id":7,"method":"POST",)" + url + R"(,"body":{}})") ==
          "invalid_custom_id");
    CHECK(code_of(R"({"custom_id":")" + std::string(65, 'x') + R"(","method":"POST",)" + url +
                  R"(,"body":{}})") == "invalid_custom_id");
    CHECK(code_of(R"({"custom_id":"a","method":"GET",)" + url + R"(,"body":{}})") ==
          "invalid_method");
    CHECK(code_of(R"({"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{}})") ==
          "invalid_url");
    CHECK(code_of(R"({"custom_id":"a","method":"POST",)" + url + R"(,"body":[]})") ==
          "missing_required_parameter");
}
