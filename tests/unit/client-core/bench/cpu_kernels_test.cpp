#include "client-core/bench/cpu_kernels.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "shared/util/random.h"

namespace gleaner {
namespace {

// Aim: whatever way a machine takes, the benchmark computes what it counts. Ways that this machine
// lacks are not run: the list of ways is printed when the test fails.

TEST_CASE("every FP32 way of this machine computes the product") {
    const auto ways = fp32_ways();
    REQUIRE(ways.front() == CpuWay::plain);
    CHECK(std::is_sorted(ways.begin(), ways.end()));
    for (const CpuWay way : ways) {
        for (const std::uint32_t depth : {1U, 7U, 256U}) {
            CAPTURE(to_string(way));
            CAPTURE(depth);
            const auto [rows, columns] = fp32_tile(way);
            Random random(depth);
            std::vector<float> a(rows * depth);
            std::vector<float> b(columns * depth);
            // Whole numbers: exact in any order of adding.
            for (float& x : a) x = static_cast<float>(random.below(17)) - 8.0F;
            for (float& x : b) x = static_cast<float>(random.below(17)) - 8.0F;
            std::vector<float> c(rows * columns + 1, -1.0F);
            multiply_fp32(way, a.data(), b.data(), c.data(), depth);
            for (std::uint32_t r = 0; r < rows; ++r) {
                for (std::uint32_t n = 0; n < columns; ++n) {
                    float sum = 0;
                    for (std::uint32_t k = 0; k < depth; ++k) {
                        sum += a[k * rows + r] * b[k * columns + n];
                    }
                    REQUIRE(c[r * columns + n] == sum);
                }
            }
            CHECK(c.back() == -1.0F);  // nothing beyond the tile
        }
    }
}

TEST_CASE("every INT8 way of this machine computes the product, at the ends of the range too") {
    const auto ways = int8_ways();
    REQUIRE(ways.front() == CpuWay::plain);
    for (const CpuWay way : ways) {
        for (const bool extreme : {false, true}) {
            CAPTURE(to_string(way));
            CAPTURE(extreme);
            constexpr std::uint32_t depth = 64;
            const auto [rows, columns] = int8_tile(way);
            Random random(3);
            std::vector<std::uint8_t> a(rows * depth, 127);
            std::vector<std::int8_t> b(columns * depth, -128);
            if (!extreme) {
                for (auto& x : a) x = static_cast<std::uint8_t>(random.below(128));
                for (auto& x : b) {
                    x = static_cast<std::int8_t>(static_cast<int>(random.below(256)) - 128);
                }
            }
            std::vector<std::int32_t> c(rows * columns + 1, 77);
            multiply_int8(way, a.data(), b.data(), c.data(), depth);
            for (std::uint32_t r = 0; r < rows; ++r) {
                for (std::uint32_t n = 0; n < columns; ++n) {
                    std::int32_t sum = 0;
                    for (std::uint32_t k = 0; k < depth; ++k) {
                        const std::uint32_t four = k / 4 * 4;
                        sum += a[four * rows + r * 4 + k % 4] * b[four * columns + n * 4 + k % 4];
                    }
                    REQUIRE(c[r * columns + n] == sum);
                }
            }
            CHECK(c.back() == 77);
        }
    }
}

TEST_CASE("the triad adds a multiple") {
    const std::vector<float> b{1, 2, 3};
    const std::vector<float> c{10, 20, 30};
    std::vector<float> a(4, 9);
    stream_triad(a.data(), b.data(), c.data(), 0.5F, 3);
    CHECK(a == std::vector<float>{6, 12, 18, 9});
}

}  // namespace
}  // namespace gleaner
