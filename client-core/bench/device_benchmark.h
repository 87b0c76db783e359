#pragma once
/// The benchmark that a person asks for: one device measured in every way there is for it, as one
/// report. A processor is measured by threads of this process, a GPU by programs in the sandbox,
/// all at idle priority. Not the quick guess of a starting node (cpu_bench.h); signs and keeps
/// nothing.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/bench/cpu_report.h"
#include "client-core/platform/sandbox.h"
#include "shared/model/bench_report.h"
#include "shared/model/sentence.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

struct DeviceBenchSpec {
    std::string kind;  ///< "cpu", "cuda", "vulkan", …
    std::string name;  ///< as the coordinator is told
    std::string driver;
    std::uint64_t memory_bytes = 0;
    std::vector<std::filesystem::path> device_nodes;
    std::vector<std::pair<std::string, std::string>> environment;

    std::filesystem::path gpu_program;  ///< gleaner-gpu-bench; empty: not installed
    std::uint32_t soak_seconds = 0;     ///< at most 3600; NVIDIA cards only
    /// A hotter GPU is not measured, and one that becomes hotter no further.
    std::uint32_t celsius_max = 95;
    CpuBenchWishes cpu;

    /// The engine's own figures: both empty, or the folder with llama-bench and the model.
    std::filesystem::path engine_dir;
    std::filesystem::path model_file;
    std::string model_name;
    std::uint32_t threads = 1;
    std::int32_t gpu_layers = 0;
    std::string engine_device;
};

struct BenchProgress {
    std::uint32_t percent = 0;  ///< never falls
    Sentence step;
    friend bool operator==(const BenchProgress&, const BenchProgress&) = default;
};
using BenchTold = std::function<void(const BenchProgress&)>;

/// All of it outlives the calls.
struct BenchTools {
    Sandbox& sandbox;  ///< proven already for the spec's device nodes
    const Clock& clock;
    std::function<std::optional<std::uint32_t>()> celsius;  ///< of the GPU; nothing: not known
    boost::asio::any_io_executor executor;
};

/// `told` is called on the executor. Cancelling ends what runs and leaves nothing: programs are
/// killed at once, threads end within the copy of an array (the coroutine waits for them). An
/// engine that fails leaves its figures out of the report. Errors: unsupported when nothing here
/// can measure such a device; failed_precondition (too hot); those of run_gpu_bench and
/// measure_cpu_report; of run_llama_bench when it was the only way.
[[nodiscard]] boost::asio::awaitable<Result<BenchReport>> benchmark_device(const BenchTools& tools,
                                                                           DeviceBenchSpec spec,
                                                                           BenchTold told);

}  // namespace gleaner
