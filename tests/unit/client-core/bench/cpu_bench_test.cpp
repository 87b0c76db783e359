#include "client-core/bench/cpu_bench.h"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

TEST_CASE("the benchmark's matrix product is a matrix product") {
    constexpr std::uint32_t n = 24;
    std::vector<float> a(n * n);
    std::vector<float> b(n * n);
    std::vector<float> c(n * n, 1.0F);
    for (std::uint32_t i = 0; i < n * n; ++i) {
        a[i] = static_cast<float>(i % 7) - 3.0F;
        b[i] = static_cast<float>(i % 5) - 2.0F;
    }
    multiply_square(a.data(), b.data(), c.data(), n);
    for (std::uint32_t i = 0; i < n; ++i) {
        for (std::uint32_t j = 0; j < n; ++j) {
            float expected = 1.0F;
            for (std::uint32_t k = 0; k < n; ++k) expected += a[i * n + k] * b[k * n + j];
            CHECK(std::abs(c[i * n + j] - expected) < 1e-3F);
        }
    }
}

/// Every look at the clock finds it 10 ms later.
class TickingClock final : public Clock {
public:
    [[nodiscard]] Time now() const override { return {micros_ += 10'000}; }
    [[nodiscard]] WallTime wall() const override { return {}; }

private:
    mutable std::int64_t micros_ = 0;
};

TEST_CASE("speeds follow from the clock and the work that was done") {
    const TickingClock clock;
    const CpuSpeed speed = measure_cpu(clock, 100ms, 1 << 20);
    // One copy of 1 MiB, and one product of side 128, each 10 ms.
    CHECK(speed.copy_gib_per_s == doctest::Approx(100.0 / 1024).epsilon(0.001));
    CHECK(speed.fp32_gflops == doctest::Approx(2.0 * 128 * 128 * 128 * 100 / 1e9).epsilon(0.001));
}

}  // namespace
}  // namespace gleaner
