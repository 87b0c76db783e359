#pragma once
/// How fast a model runs on this machine with the real engine: llama-bench, inside the sandbox.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/platform/sandbox.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

struct ModelSpeed {
    double prompt_tokens_per_s = 0;
    double generated_tokens_per_s = 0;  ///< of one sequence; slots together do better
    std::string backends;               ///< "CPU", "CUDA,CPU"
    std::string device;                 ///< the engine's name for what it ran on
    friend bool operator==(const ModelSpeed&, const ModelSpeed&) = default;
};

struct LlamaBenchSpec {
    std::filesystem::path engine_dir;
    std::filesystem::path model_file;
    std::vector<std::filesystem::path> device_nodes;
    std::vector<std::pair<std::string, std::string>> environment;
    SandboxLimits limits;  ///< mapped_bytes is filled in
    std::uint32_t threads = 1;
    std::int32_t gpu_layers = 0;  ///< -1 = all
    std::string device;           ///< the engine's own name ("Vulkan0"); empty = its choice
    std::uint32_t prompt_tokens = 128;
    std::uint32_t generated_tokens = 32;
    bool idle_priority = false;
    Duration limit = 120s;
};

/// argv as seen inside the sandbox. Pure.
[[nodiscard]] std::vector<std::string> llama_bench_arguments(const LlamaBenchSpec& spec);

/// The JSON that `llama-bench -o json` prints. data_corrupt if a speed is missing or not positive.
/// Pure.
[[nodiscard]] Result<ModelSpeed> parse_llama_bench(std::string_view text);

/// Loads the model and measures for a few seconds. Errors: those of run_in_sandbox, data_corrupt.
[[nodiscard]] boost::asio::awaitable<Result<ModelSpeed>> run_llama_bench(
    Sandbox& sandbox, LlamaBenchSpec spec, boost::asio::any_io_executor executor);

}  // namespace gleaner
