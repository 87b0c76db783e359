#pragma once
/// The device code, behind plain functions: all that nvcc compiles is kernels.cu. Each starts work
/// on the default stream and returns at once; the error is that of the launch.

#include <cstdint>
#include <cuda_runtime_api.h>

namespace gleaner::cuda {

enum class Element : std::uint8_t { fp16, bf16, int8 };

struct Grid {
    std::uint32_t blocks = 0;
    std::uint32_t threads = 0;  ///< of a block
};

/// Writes matrix_value(which, 0 … count − 1).
[[nodiscard]] cudaError_t fill_matrix(Element element, void* data, std::uint64_t count,
                                      std::uint32_t which);

/// Runs chain_lanes chains in every thread for rounds × chain_unroll steps, each a fused
/// multiply-add, and writes each thread's sum of its chains to out[thread].
[[nodiscard]] cudaError_t run_chains(Grid grid, float* out, std::uint32_t rounds);

/// Multiplies tiles in registers with the tensor units, 2·tile_pairs² ·tile_side³ operations a
/// warp and round. `a`, `b`: tile_pairs tiles each, row by row. Writes to warp w's tile of `out`
/// (float; int for int8) the sum over both pairs of rounds × (a_i · b_j). bf16 needs compute
/// capability 8.0; on less it writes nothing.
[[nodiscard]] cudaError_t run_tiles(Element element, Grid grid, const void* a, const void* b,
                                    void* out, std::uint32_t rounds);

/// Writes pattern_word(first + i, seed) to word i.
[[nodiscard]] cudaError_t write_pattern(std::uint64_t* data, std::uint64_t words,
                                        std::uint64_t first, std::uint64_t seed);

/// Adds the number of words that hold anything else to *wrong, and lowers *first_wrong to the
/// least first + i of them. Both in device memory.
[[nodiscard]] cudaError_t check_pattern(const std::uint64_t* data, std::uint64_t words,
                                        std::uint64_t first, std::uint64_t seed,
                                        unsigned long long* wrong, unsigned long long* first_wrong);

}  // namespace gleaner::cuda
