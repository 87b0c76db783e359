#include "client-core/bench/cpu_bench.h"

#include <cstring>
#include <vector>

#include "shared/util/check.h"

namespace gleaner {

namespace {

constexpr std::uint32_t matrix_side = 128;
constexpr double gibibyte = 1024.0 * 1024.0 * 1024.0;

/// Runs `work` until `limit` has passed, at least once; returns how often per second.
template <class Work>
double rate_of(const Clock& clock, Duration limit, const Work& work) {
    const Time begin = clock.now();
    std::uint64_t count = 0;
    Duration passed{};
    do {
        work();
        ++count;
        passed = clock.now() - begin;
    } while (passed < limit && count < 10'000'000);
    const double seconds = static_cast<double>(passed.count()) / 1e6;
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

/// Tells the compiler that the memory is looked at, so that it is really written.
void use_memory(const void* memory) {
    asm volatile("" : : "r"(memory) : "memory");
}

}  // namespace

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// One build for all machines, the wide instructions where the machine has them. Not with
// sanitizers, which are not yet set up when the loader chooses.
__attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#endif
void multiply_square(const float* a, const float* b, float* c, std::uint32_t n) {
    GLEANER_CHECK(n % 8 == 0, "the side must be a multiple of 8");
    for (std::uint32_t i = 0; i < n; i += 4) {
        for (std::uint32_t k = 0; k < n; ++k) {
            const float* const row = b + std::size_t{k} * n;
            for (std::uint32_t r = 0; r < 4; ++r) {
                const float factor = a[std::size_t{i + r} * n + k];
                float* const out = c + std::size_t{i + r} * n;
                for (std::uint32_t j = 0; j < n; ++j) out[j] += factor * row[j];
            }
        }
    }
}

CpuSpeed measure_cpu(const Clock& clock, Duration limit, std::uint64_t copy_bytes) {
    CpuSpeed speed;
    {
        std::vector<char> from(copy_bytes, 1);
        std::vector<char> to(copy_bytes, 2);
        const double copies = rate_of(clock, limit / 2, [&] {
            std::memcpy(to.data(), from.data(), copy_bytes);
            use_memory(to.data());
        });
        speed.copy_gib_per_s = copies * static_cast<double>(copy_bytes) / gibibyte;
    }
    const std::size_t cells = std::size_t{matrix_side} * matrix_side;
    const std::vector<float> a(cells, 0.5F);
    const std::vector<float> b(cells, 0.25F);
    std::vector<float> c(cells, 0.0F);
    const double products = rate_of(clock, limit / 2, [&] {
        multiply_square(a.data(), b.data(), c.data(), matrix_side);
        use_memory(c.data());
    });
    const double operations = 2.0 * matrix_side * matrix_side * matrix_side;
    speed.fp32_gflops = products * operations / 1e9;
    return speed;
}

}  // namespace gleaner
