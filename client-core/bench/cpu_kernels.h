#pragma once
/// The inner loops of the CPU's benchmark: matrix products of packed panels that stay in the
/// nearest cache, so that the arithmetic units are what is measured. One build for all machines;
/// the caller picks among the ways that this machine has. Pure; any thread.

#include <cstdint>
#include <string_view>
#include <vector>

namespace gleaner {

enum class CpuWay : std::uint8_t {
    plain,   ///< what the compiler makes of the definition for the oldest machine
    avx2,    ///< 256 bits; with FMA
    avx512,  ///< 512 bits; INT8 with its dot-product instruction (VNNI)
};

[[nodiscard]] std::string_view to_string(CpuWay way);

/// Ways that this machine can run, the slowest first; plain is always there. The operating system's
/// leave to use wide registers counts. INT8 with avx512 asks for more than FP32 does.
[[nodiscard]] std::vector<CpuWay> fp32_ways();
[[nodiscard]] std::vector<CpuWay> int8_ways();

/// What one call computes: rows × columns results, kept in registers.
struct CpuTile {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
};

[[nodiscard]] CpuTile fp32_tile(CpuWay way);
[[nodiscard]] CpuTile int8_tile(CpuWay way);

/// c[r][n] = Σ_k a[k][r] · b[k][n] for k < depth; a, b and c row by row, of fp32_tile(way)'s size.
/// `way` must be one of fp32_ways().
void multiply_fp32(CpuWay way, const float* a, const float* b, float* c, std::uint32_t depth);

/// The same in whole numbers; four steps of k lie together: a[k/4][r][k%4], b[k/4][n][k%4]. `depth`
/// is a multiple of 4. Values of a up to 127: pairs of products are added in 16 bits.
void multiply_int8(CpuWay way, const std::uint8_t* a, const std::int8_t* b, std::int32_t* c,
                   std::uint32_t depth);

/// a[i] = b[i] + factor · c[i]: STREAM's triad.
void stream_triad(float* a, const float* b, const float* c, float factor, std::uint64_t count);

}  // namespace gleaner
