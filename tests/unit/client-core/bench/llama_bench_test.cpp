#include "client-core/bench/llama_bench.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

TEST_CASE("prompt and generation speeds are told apart by what a run did") {
    const auto speed = parse_llama_bench(
        R"([{"cpu_info":"AMD EPYC","gpu_info":"","backends":"CPU","n_prompt":64,"n_gen":0,"avg_ts":9407.5},
            {"cpu_info":"AMD EPYC","gpu_info":"","backends":"CPU","n_prompt":0,"n_gen":16,"avg_ts":3857}])");
    REQUIRE(speed);
    CHECK(speed.value() == ModelSpeed{9407.5, 3857.0, "CPU", "AMD EPYC"});
}

TEST_CASE("a speed that is missing, zero or no number is not believed") {
    for (const char* const text : {"", "{}", "[]", "[1]", R"([{"n_gen":0,"avg_ts":5}])",
                                   R"([{"n_gen":0,"avg_ts":5},{"n_gen":16,"avg_ts":0}])",
                                   R"([{"n_gen":0,"avg_ts":5},{"n_gen":16,"avg_ts":"9"}])",
                                   R"([{"n_gen":0,"avg_ts":5},{"n_gen":16,"avg_ts":-3}])"}) {
        CAPTURE(text);
        const auto speed = parse_llama_bench(text);
        REQUIRE_FALSE(speed);
        CHECK(speed.error().code() == ErrorCode::data_corrupt);
    }
}

TEST_CASE("the run is small and asks for JSON") {
    LlamaBenchSpec spec;
    spec.gpu_layers = -1;
    const auto words = llama_bench_arguments(spec);
    const auto after = [&](const char* name) {
        const auto at = std::find(words.begin(), words.end(), name);
        return at == words.end() ? std::string() : *(at + 1);
    };
    CHECK(words.front() == "/engine/llama-bench");
    CHECK(after("--output") == "json");
    CHECK(after("--n-gpu-layers") == "999");
    CHECK(after("--device").empty());
    spec.device = "Vulkan1";
    CHECK(llama_bench_arguments(spec).back() == "Vulkan1");
    CHECK(after("--n-gen") == "32");
}

}  // namespace
}  // namespace gleaner
