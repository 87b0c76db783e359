#include "client-core/engine/engine_options.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

/// The word after `name`; "(none)" if `name` is missing.
std::string after(const std::vector<std::string>& words, const std::string& name) {
    const auto at = std::find(words.begin(), words.end(), name);
    return at == words.end() || at + 1 == words.end() ? "(none)" : *(at + 1);
}

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

TEST_CASE("slots share a context that is as many times larger") {
    EngineOptions options;
    options.slots = 8;
    options.context_per_slot = 2048;
    const auto words = engine_arguments(options);
    CHECK(words.front() == "/engine/llama-server");
    CHECK(after(words, "--parallel") == "8");
    CHECK(after(words, "--ctx-size") == "16384");
    CHECK(after(words, "--model") == "/model.gguf");
    CHECK(after(words, "--host") == "/run/engine/engine.sock");
}

TEST_CASE("nothing that could hold a prompt is logged") {
    const auto words = engine_arguments({});
    CHECK(after(words, "--log-verbosity") == "1");
    CHECK_FALSE(has(words, "--verbose"));
    CHECK_FALSE(has(words, "--log-file"));
    CHECK_FALSE(has(words, "--log-prompts-dir"));
}

TEST_CASE("the server has a thread for each connection that the client may open") {
    EngineOptions options;
    options.slots = 16;
    const auto threads = std::stoul(after(engine_arguments(options), "--threads-http"));
    CHECK(threads > engine_connections_max(options));
    CHECK(engine_connections_max(options) > options.slots);
}

TEST_CASE("a CPU engine touches no GPU, a GPU engine names its device") {
    EngineOptions options;
    CHECK(after(engine_arguments(options), "--device") == "none");
    CHECK(after(engine_arguments(options), "--n-gpu-layers") == "0");
    options.gpu_layers = -1;
    options.device = "CUDA0";
    CHECK(after(engine_arguments(options), "--device") == "CUDA0");
    CHECK(after(engine_arguments(options), "--n-gpu-layers") == "all");
}

TEST_CASE("embedding models are served as such only when asked for") {
    EngineOptions options;
    CHECK_FALSE(has(engine_arguments(options), "--embeddings"));
    options.embeddings = true;
    CHECK(has(engine_arguments(options), "--embeddings"));
}

TEST_CASE("options out of bounds are refused by name") {
    EngineOptions options;
    CHECK(check_engine_options(options));
    options.slots = 0;
    REQUIRE_FALSE(check_engine_options(options));
    CHECK(check_engine_options(options).error().message().find("slots") != std::string::npos);
    options = {};
    options.context_per_slot = 10;
    CHECK_FALSE(check_engine_options(options));
    options = {};
    options.threads = 0;
    CHECK_FALSE(check_engine_options(options));
    options = {};
    options.gpu_layers = -2;
    CHECK_FALSE(check_engine_options(options));
    options = {};
    options.slots = 256;
    options.context_per_slot = 1 << 20;
    CHECK_FALSE(check_engine_options(options));
}

}  // namespace
}  // namespace gleaner
