#pragma once
/// The numbers that the device computes with. The host computes any of them again to check a
/// result, so nothing but samples of the results ever crosses the bus. For both compilers.

#include <cstdint>

#ifdef __CUDACC__
#define GLEANER_BOTH __host__ __device__
#else
#define GLEANER_BOTH
#endif

namespace gleaner::cuda {

/// Spreads neighbouring numbers over all 64 bits (splitmix64's finaliser).
GLEANER_BOTH constexpr std::uint64_t spread(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/// What word `index` of the device's memory must hold in a run with this seed. Differs for any two
/// places, so memory that answers at two addresses (a card with less than it says) shows.
GLEANER_BOTH constexpr std::uint64_t pattern_word(std::uint64_t index, std::uint64_t seed) {
    return spread(index * 0x9e3779b97f4a7c15ULL + seed);
}

/// Element `index` of matrix `which`: −2 … 2. Whole numbers, so that sums in FP32 are exact
/// whatever the order they are added in.
GLEANER_BOTH constexpr int matrix_value(std::uint32_t which, std::uint64_t index) {
    return static_cast<int>(pattern_word(index, which) % 5) - 2;
}

/// Where the FP32 chain of (thread, lane) begins: in [1, 2). The chain is x ← x·(−1) + 3, which is
/// exact and forgets nothing: a bit that flips once is still wrong at the end.
GLEANER_BOTH constexpr float chain_begin(std::uint32_t thread, std::uint32_t lane) {
    const auto bits = static_cast<std::uint32_t>(pattern_word(thread * 8ULL + lane, 7) & 0x7fffff);
    return 1.0F + static_cast<float>(bits) / 8388608.0F;
}

inline constexpr float chain_factor = -1.0F;
inline constexpr float chain_addend = 3.0F;
inline constexpr std::uint32_t chain_lanes = 8;    ///< independent chains of one thread
inline constexpr std::uint32_t chain_unroll = 16;  ///< steps of each in one round

inline constexpr std::uint32_t tile_side = 16;
inline constexpr std::uint32_t tile_pairs = 2;  ///< each warp multiplies 2 tiles by 2 tiles

}  // namespace gleaner::cuda
