#include "client-core/bench/cpu_report.h"

#include <atomic>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

/// Every look at the clock finds it 1 ms later; from any thread.
class TickingClock final : public Clock {
public:
    [[nodiscard]] Time now() const override { return {micros_.fetch_add(1'000)}; }
    [[nodiscard]] WallTime wall() const override { return {1'790'000'000'000'000}; }

private:
    mutable std::atomic<std::int64_t> micros_ = 0;
};

CpuBenchWishes small_wishes() {
    CpuBenchWishes wishes;
    wishes.threads = 2;
    wishes.repetitions = 3;
    wishes.each = 5ms;
    wishes.array_bytes = 1 << 20;
    return wishes;
}

TEST_CASE("a report has every figure with its unit, and survives its JSON") {
    const TickingClock clock;
    std::vector<std::string> told;
    const auto report =
        measure_cpu_report(clock, small_wishes(), "EPYC", 16ULL << 30, std::stop_token(),
                           [&](std::string_view figure, std::uint32_t done, std::uint32_t of) {
                               CHECK(done == told.size());
                               CHECK(of == 4);
                               told.emplace_back(figure);
                           });
    REQUIRE(report);
    CHECK(told == std::vector<std::string>{"memory_copy", "memory_triad", "fp32", "int8"});
    const BenchReport& made = report.value();
    CHECK(made.kind == "cpu");
    CHECK(made.name == "EPYC");
    CHECK(made.memory_total_bytes == 16ULL << 30);
    CHECK(made.faults.empty());
    REQUIRE(made.figures.size() == 4);
    for (const Figure& figure : made.figures) {
        CAPTURE(figure.name);
        CHECK(figure.median > 0);
        CHECK(figure.spread >= 0);
        CHECK(figure.repetitions == 3);
    }
    CHECK(made.find("memory_copy")->unit == "GB/s");
    CHECK(made.find("fp32")->unit == "GFLOPS");
    CHECK(made.find("int8")->unit == "GOPS");
    const auto back = parse_bench_report(to_json(made));
    REQUIRE(back);
    CHECK(back.value() == made);
}

TEST_CASE("one thread's rate is its work over the clock's time") {
    const TickingClock clock;
    CpuBenchWishes wishes = small_wishes();
    wishes.threads = 1;
    const auto report = measure_cpu_report(clock, wishes, "EPYC", 1, std::stop_token(),
                                           [](std::string_view, std::uint32_t, std::uint32_t) {});
    REQUIRE(report);
    // One launch a millisecond: two arrays of 1 MiB copied, three for the triad.
    CHECK(report.value().find("memory_copy")->median == doctest::Approx(2 * 1.048576));
    CHECK(report.value().find("memory_triad")->median == doctest::Approx(3 * 1.048576));
    CHECK(report.value().find("memory_copy")->spread == doctest::Approx(0));
}

TEST_CASE("a stop is obeyed while the threads work") {
    const SystemClock clock;
    CpuBenchWishes wishes = small_wishes();
    wishes.each = 3600s;  // would never end by itself
    std::stop_source source;
    const auto report = measure_cpu_report(
        clock, wishes, "EPYC", 1, source.get_token(),
        [&](std::string_view, std::uint32_t, std::uint32_t) { source.request_stop(); });
    REQUIRE_FALSE(report);
    CHECK(report.error().code() == ErrorCode::cancelled);
}

}  // namespace
}  // namespace gleaner
