#include "client-core/bench/cpu_kernels.h"

#include <array>

#include "shared/util/check.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gleaner {

namespace {

constexpr CpuTile plain_fp32{4, 16};
constexpr CpuTile plain_int8{4, 16};
// 12 or 24 results in registers: enough independent sums to hide the latency of 4 or 5 cycles in
// both units, and few enough for 16 or 32 registers.
constexpr CpuTile avx2_fp32{6, 16};
constexpr CpuTile avx2_int8{4, 16};
constexpr CpuTile avx512_fp32{12, 32};
constexpr CpuTile avx512_int8{12, 32};

void plain_multiply_fp32(const float* a, const float* b, float* c, std::uint32_t depth) {
    constexpr std::uint32_t columns = plain_fp32.columns;
    std::array<float, std::size_t{plain_fp32.rows} * columns> sums{};
    for (std::uint32_t k = 0; k < depth; ++k) {
        for (std::uint32_t r = 0; r < plain_fp32.rows; ++r) {
            const float factor = a[k * plain_fp32.rows + r];
            for (std::uint32_t n = 0; n < columns; ++n) {
                sums[r * columns + n] += factor * b[k * columns + n];
            }
        }
    }
    for (std::size_t i = 0; i < sums.size(); ++i) c[i] = sums[i];
}

void plain_multiply_int8(const std::uint8_t* a, const std::int8_t* b, std::int32_t* c,
                         std::uint32_t depth) {
    constexpr std::uint32_t columns = plain_int8.columns;
    std::array<std::int32_t, std::size_t{plain_int8.rows} * columns> sums{};
    for (std::uint32_t k = 0; k < depth; k += 4) {
        const std::uint8_t* const rows = a + k * plain_int8.rows;
        const std::int8_t* const across = b + k * columns;
        for (std::uint32_t r = 0; r < plain_int8.rows; ++r) {
            for (std::uint32_t n = 0; n < columns; ++n) {
                for (std::uint32_t i = 0; i < 4; ++i) {
                    sums[r * columns + n] += rows[r * 4 + i] * across[n * 4 + i];
                }
            }
        }
    }
    for (std::size_t i = 0; i < sums.size(); ++i) c[i] = sums[i];
}

#if defined(__x86_64__)

// Loops over arrays of registers must be unrolled, or the registers become memory.
#define GLEANER_UNROLL _Pragma("GCC unroll 16")

__attribute__((target("avx2,fma"))) void avx2_multiply_fp32(const float* a, const float* b,
                                                            float* c, std::uint32_t depth) {
    constexpr std::uint32_t rows = avx2_fp32.rows;
    __m256 sums[rows][2];
    GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
        sums[r][0] = _mm256_setzero_ps();
        sums[r][1] = _mm256_setzero_ps();
    }
    for (std::uint32_t k = 0; k < depth; ++k) {
        const __m256 left = _mm256_loadu_ps(b);
        const __m256 right = _mm256_loadu_ps(b + 8);
        GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
            const __m256 factor = _mm256_broadcast_ss(a + r);
            sums[r][0] = _mm256_fmadd_ps(factor, left, sums[r][0]);
            sums[r][1] = _mm256_fmadd_ps(factor, right, sums[r][1]);
        }
        a += rows;
        b += avx2_fp32.columns;
    }
    GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
        _mm256_storeu_ps(c + r * avx2_fp32.columns, sums[r][0]);
        _mm256_storeu_ps(c + r * avx2_fp32.columns + 8, sums[r][1]);
    }
}

__attribute__((target("avx2"))) void avx2_multiply_int8(const std::uint8_t* a, const std::int8_t* b,
                                                        std::int32_t* c, std::uint32_t depth) {
    constexpr std::uint32_t rows = avx2_int8.rows;
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sums[rows][2];
    GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
        sums[r][0] = _mm256_setzero_si256();
        sums[r][1] = _mm256_setzero_si256();
    }
    for (std::uint32_t k = 0; k < depth; k += 4) {
        const __m256i left = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
        const __m256i right = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + 32));
        GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
            std::int32_t four = 0;
            __builtin_memcpy(&four, a + r * 4, sizeof four);
            const __m256i factor = _mm256_set1_epi32(four);
            const __m256i pairs0 = _mm256_maddubs_epi16(factor, left);
            const __m256i pairs1 = _mm256_maddubs_epi16(factor, right);
            sums[r][0] = _mm256_add_epi32(sums[r][0], _mm256_madd_epi16(pairs0, ones));
            sums[r][1] = _mm256_add_epi32(sums[r][1], _mm256_madd_epi16(pairs1, ones));
        }
        a += rows * 4;
        b += avx2_int8.columns * 4;
    }
    GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
        std::int32_t* const row = c + r * avx2_int8.columns;
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(row), sums[r][0]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(row + 8), sums[r][1]);
    }
}

__attribute__((target("avx512f"))) void avx512_multiply_fp32(const float* a, const float* b,
                                                             float* c, std::uint32_t depth) {
    constexpr std::uint32_t rows = avx512_fp32.rows;
    __m512 sums[rows][2];
    GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
        sums[r][0] = _mm512_setzero_ps();
        sums[r][1] = _mm512_setzero_ps();
    }
    for (std::uint32_t k = 0; k < depth; ++k) {
        const __m512 left = _mm512_loadu_ps(b);
        const __m512 right = _mm512_loadu_ps(b + 16);
        GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
            const __m512 factor = _mm512_set1_ps(a[r]);
            sums[r][0] = _mm512_fmadd_ps(factor, left, sums[r][0]);
            sums[r][1] = _mm512_fmadd_ps(factor, right, sums[r][1]);
        }
        a += rows;
        b += avx512_fp32.columns;
    }
    GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
        _mm512_storeu_ps(c + r * avx512_fp32.columns, sums[r][0]);
        _mm512_storeu_ps(c + r * avx512_fp32.columns + 16, sums[r][1]);
    }
}

__attribute__((target("avx512f,avx512vnni"))) void avx512_multiply_int8(const std::uint8_t* a,
                                                                        const std::int8_t* b,
                                                                        std::int32_t* c,
                                                                        std::uint32_t depth) {
    constexpr std::uint32_t rows = avx512_int8.rows;
    __m512i sums[rows][2];
    GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
        sums[r][0] = _mm512_setzero_si512();
        sums[r][1] = _mm512_setzero_si512();
    }
    for (std::uint32_t k = 0; k < depth; k += 4) {
        const __m512i left = _mm512_loadu_si512(b);
        const __m512i right = _mm512_loadu_si512(b + 64);
        GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
            std::int32_t four = 0;
            __builtin_memcpy(&four, a + r * 4, sizeof four);
            const __m512i factor = _mm512_set1_epi32(four);
            sums[r][0] = _mm512_dpbusd_epi32(sums[r][0], factor, left);
            sums[r][1] = _mm512_dpbusd_epi32(sums[r][1], factor, right);
        }
        a += rows * 4;
        b += avx512_int8.columns * 4;
    }
    GLEANER_UNROLL for (std::uint32_t r = 0; r < rows; ++r) {
        _mm512_storeu_si512(c + r * avx512_int8.columns, sums[r][0]);
        _mm512_storeu_si512(c + r * avx512_int8.columns + 16, sums[r][1]);
    }
}

#endif

}  // namespace

std::string_view to_string(CpuWay way) {
    switch (way) {
        case CpuWay::plain:
            return "plain";
        case CpuWay::avx2:
            return "avx2";
        case CpuWay::avx512:
            return "avx512";
    }
    return {};
}

std::vector<CpuWay> fp32_ways() {
    std::vector<CpuWay> ways{CpuWay::plain};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        ways.push_back(CpuWay::avx2);
    }
    if (__builtin_cpu_supports("avx512f")) ways.push_back(CpuWay::avx512);
#endif
    return ways;
}

std::vector<CpuWay> int8_ways() {
    std::vector<CpuWay> ways{CpuWay::plain};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) ways.push_back(CpuWay::avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni")) {
        ways.push_back(CpuWay::avx512);
    }
#endif
    return ways;
}

CpuTile fp32_tile(CpuWay way) {
    switch (way) {
        case CpuWay::plain:
            return plain_fp32;
        case CpuWay::avx2:
            return avx2_fp32;
        case CpuWay::avx512:
            return avx512_fp32;
    }
    return {};
}

CpuTile int8_tile(CpuWay way) {
    switch (way) {
        case CpuWay::plain:
            return plain_int8;
        case CpuWay::avx2:
            return avx2_int8;
        case CpuWay::avx512:
            return avx512_int8;
    }
    return {};
}

void multiply_fp32(CpuWay way, const float* a, const float* b, float* c, std::uint32_t depth) {
    switch (way) {
        case CpuWay::plain:
            return plain_multiply_fp32(a, b, c, depth);
#if defined(__x86_64__)
        case CpuWay::avx2:
            return avx2_multiply_fp32(a, b, c, depth);
        case CpuWay::avx512:
            return avx512_multiply_fp32(a, b, c, depth);
#else
        case CpuWay::avx2:
        case CpuWay::avx512:
            break;
#endif
    }
    GLEANER_CHECK(false, "no such way on this machine");
}

void multiply_int8(CpuWay way, const std::uint8_t* a, const std::int8_t* b, std::int32_t* c,
                   std::uint32_t depth) {
    GLEANER_CHECK(depth % 4 == 0, "four steps lie together");
    switch (way) {
        case CpuWay::plain:
            return plain_multiply_int8(a, b, c, depth);
#if defined(__x86_64__)
        case CpuWay::avx2:
            return avx2_multiply_int8(a, b, c, depth);
        case CpuWay::avx512:
            return avx512_multiply_int8(a, b, c, depth);
#else
        case CpuWay::avx2:
        case CpuWay::avx512:
            break;
#endif
    }
    GLEANER_CHECK(false, "no such way on this machine");
}

void stream_triad(float* a, const float* b, const float* c, float factor, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) a[i] = b[i] + factor * c[i];
}

}  // namespace gleaner
