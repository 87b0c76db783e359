#pragma once
/// The figures of one device, in the order in which they are measured, and the soak.

#include <cstdint>
#include <functional>
#include <string_view>

#include "client-core/bench/cuda/device.h"
#include "shared/model/bench_report.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::cuda {

/// Told at the start of each stage and during long ones; `done` of `of`.
using Progress = std::function<void(std::string_view stage, std::uint32_t done, std::uint32_t of)>;

struct Wishes {
    Repetition repetition;
    std::uint32_t soak_seconds = 0;         ///< 0: none
    std::uint64_t leave_bytes = 256 << 20;  ///< device memory that the VRAM test does not touch
};

/// Everything but the temperatures, which are the caller's. Errors: those of the runtime; a device
/// that computes wrongly is no error but in the report's faults.
[[nodiscard]] Result<BenchReport> measure(const Device& device, const Wishes& wishes,
                                          const Clock& clock, const Progress& progress);

}  // namespace gleaner::cuda
