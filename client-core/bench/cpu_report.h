#pragma once
/// The CPU's benchmark over all its threads, in the form of the GPU's: FP32 and INT8 throughput by
/// the widest instructions of this machine, and STREAM's copy and triad. cpu_bench.h is the quick
/// guess that a starting node makes; this is what a person asks for and a node signs.

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "shared/model/bench_report.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

struct CpuBenchWishes {
    std::uint32_t threads = 1;
    std::uint32_t repetitions = 7;
    Duration each = 200ms;  ///< of one repetition; the first of each figure is not counted
    /// Of all threads together, for each of three arrays. Four times the last cache, or that is
    /// measured.
    std::uint64_t array_bytes = 256ULL << 20;
};

/// Told at the start of each figure; called on the caller's thread.
using CpuBenchProgress =
    std::function<void(std::string_view figure, std::uint32_t done, std::uint32_t of)>;

/// Keeps `threads` threads busy for about 4 × repetitions × each: call it off the I/O thread.
/// `name` and `memory_total_bytes` go into the report. A CPU that computes wrongly is no error but
/// in the report's faults. Errors: cancelled soon after `stop` asks for it (within a copy of the
/// array); resource_exhausted without the memory or the threads.
[[nodiscard]] Result<BenchReport> measure_cpu_report(const Clock& clock,
                                                     const CpuBenchWishes& wishes, std::string name,
                                                     std::uint64_t memory_total_bytes,
                                                     const std::stop_token& stop,
                                                     const CpuBenchProgress& progress);

}  // namespace gleaner
