#pragma once
/// Runs gleaner-gpu-bench (bench/cuda) in the sandbox and reads what it prints. The program is a
/// separate process because a driver that crashes, hangs or loses its card must not take the node
/// along. Nothing here links or loads CUDA.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/platform/sandbox.h"
#include "shared/model/bench_report.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

struct GpuBenchSpec {
    std::filesystem::path program;  ///< gleaner-gpu-bench
    /// An engine package for CUDA, whose cuBLASLt is then used; empty: the system's, if any.
    std::filesystem::path engine_dir;
    std::vector<std::filesystem::path> device_nodes;
    /// CUDA_VISIBLE_DEVICES of the one card: the program measures the first that it sees.
    std::vector<std::pair<std::string, std::string>> environment;
    SandboxLimits limits;
    std::uint32_t soak_seconds = 0;  ///< at most 3600; 0: none
    std::uint32_t leave_mib = 256;   ///< device memory not tested: what the desktop may want
    bool quick = false;
    Duration limit = 180s;  ///< without the soak
};

/// What it is at.
struct GpuBenchProgress {
    std::string stage;  ///< a figure's name, "usable_memory_blocks" or "soak"
    std::uint32_t done = 0;
    std::uint32_t of = 0;

    friend bool operator==(const GpuBenchProgress&, const GpuBenchProgress&) = default;
};

/// argv as seen inside the sandbox. Pure.
[[nodiscard]] std::vector<std::string> gpu_bench_arguments(const GpuBenchSpec& spec);

/// The last progress in what it wrote to standard error so far; a half-written line is passed over.
[[nodiscard]] std::optional<GpuBenchProgress> last_gpu_bench_progress(std::string_view text);

/// Why it ended with `status`, in the program's own words where it had any. not_found: there is no
/// CUDA driver or device. unavailable: the device failed, or the program was killed or crashed.
/// internal: it did not like its command line.
[[nodiscard]] Error gpu_bench_failure(int status, std::string_view standard_error);

/// The one line of standard output. Errors: those of parse_bench_report; data_corrupt if it is a
/// report of something else.
[[nodiscard]] Result<BenchReport> parse_gpu_bench(std::string_view standard_output);

/// Hears of each change of progress; an error from it ends the program and is the result.
using GpuBenchTold = std::function<Status(const GpuBenchProgress&)>;

/// Runs it at idle priority; `told` is called on `executor`. Cancelling, or destroying the
/// coroutine, kills the program. Errors: those of Sandbox::start, gpu_bench_failure and
/// parse_gpu_bench; timeout.
[[nodiscard]] boost::asio::awaitable<Result<BenchReport>> run_gpu_bench(
    Sandbox& sandbox, GpuBenchSpec spec, GpuBenchTold told, boost::asio::any_io_executor executor);

}  // namespace gleaner
