#pragma once
/// What the CPU can do, measured without any engine: for a node that has none yet. Coarse; good for
/// a first guess, which llama-bench on a real model then replaces.

#include <cstdint>

#include "shared/util/clock.h"

namespace gleaner {

struct CpuSpeed {
    double copy_gib_per_s = 0;  ///< bytes copied (each read and written once) by one thread
    double fp32_gflops = 0;     ///< matrix product, one thread
};

/// Keeps one core busy for about `limit` (default a second): call it off the I/O thread. Uses
/// `copy_bytes` twice as memory; more than the last cache level, or the cache is measured.
[[nodiscard]] CpuSpeed measure_cpu(const Clock& clock, Duration limit = 1s,
                                   std::uint64_t copy_bytes = 64ULL << 20);

/// c += a × b for square row-major matrices of side n; n must be a multiple of 8. Exposed so that a
/// test can check that the benchmark computes what it counts.
void multiply_square(const float* a, const float* b, float* c, std::uint32_t n);

}  // namespace gleaner
