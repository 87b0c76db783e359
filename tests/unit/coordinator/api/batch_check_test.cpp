#include "coordinator/api/openai/batch_check.h"

#include <fstream>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::api;

namespace {

std::shared_ptr<const ModelTable> models() {
    store::Model chat;
    chat.name = "m";
    chat.context_tokens = 100;
    chat.price = {1'000'000, 2'000'000};
    store::Model other = chat;
    other.name = "n";
    return std::make_shared<const ModelTable>(std::vector<store::Model>{chat, other});
}

BatchCheck check(const std::string& text) {
    const testing::TemporaryFolder folder;
    BatchCheckRequest request;
    request.path = folder.path() / "in.jsonl";
    std::ofstream(request.path, std::ios::binary) << text;
    request.models = models();
    request.lines_max = 150;
    auto checked = check_batch(request);
    REQUIRE(checked.has_value());
    return std::move(checked).value();
}

std::string line(const std::string& id, const std::string& more = "",
                 const std::string& model = "m") {
    return R"({"custom_id":")" + id +
           R"(","method":"POST","url":"/v1/chat/completions","body":{"model":")" + model +
           R"(","messages":[{"role":"user","content":"hi"}])" + more + "}}\n";
}

}  // namespace

TEST_CASE("a good file holds what its requests can cost at most") {
    const auto checked = check(line("a", R"(,"max_tokens":10)") + line("b"));
    CHECK(checked.faults.empty());
    CHECK(checked.refused.empty());
    CHECK(checked.lines == 2);
    CHECK(checked.model.name == "m");
    // Prompts: 2 bytes and a message's marks each; generated: 10, and the whole context of 100.
    const auto both_prompts = 2 * (2 + 64);
    CHECK(checked.hold().micros == both_prompts + 2 * (10 + 100));
    CHECK(checked.errors_json().empty());
}

TEST_CASE("a request that is refused fails alone; the others cost what they cost") {
    const auto checked = check(line("a", R"(,"temperature":9)") + line("b", R"(,"max_tokens":1)"));
    CHECK(checked.faults.empty());
    REQUIRE(checked.refused.size() == 1);
    CHECK(checked.refused[0].index == 0);
    CHECK(checked.refused[0].error.param() == "temperature");
    CHECK(checked.hold().micros == 66 + 2);
}

TEST_CASE("a broken envelope fails the batch and names its line as an editor counts") {
    const auto checked = check(line("a") + "\n{broken\n" + line("a") + line("c", "", "n") +
                               line("d", "", "unknown"));
    const auto errors = boost::json::parse(checked.errors_json());
    const auto& data = errors.at("data").as_array();
    REQUIRE(data.size() == 4);
    CHECK(data[0].at("code") == "invalid_json_line");
    CHECK(data[0].at("line") == 3);
    CHECK(data[1].at("code") == "duplicate_custom_id");
    CHECK(data[1].at("line") == 4);
    CHECK(data[2].at("code") == "mismatched_model");
    CHECK(data[3].at("code") == "model_not_found");
}

TEST_CASE("no lines, or too many, fail the batch") {
    CHECK(check(" \n\n").faults.at(0).error.code() == "empty_file");
    std::string many;
    for (int i = 0; i < 151; ++i) many += line(std::to_string(i));
    CHECK(check(many).faults.at(0).error.code() == "file_limit_exceeded");
    std::string broken;
    for (int i = 0; i < 150; ++i) broken += "x\n";
    CHECK(check(broken).faults.size() == 100);
}
