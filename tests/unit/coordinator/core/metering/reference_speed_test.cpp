// Aim: fast and slow devices are weighed by what such devices do, and no report that says more than
// that gains its owner anything.
#include "coordinator/core/metering/reference_speed.h"

#include <array>
#include <limits>

#include <doctest/doctest.h>

using namespace gleaner::core;

namespace {

constexpr std::uint64_t gib = 1ULL << 30U;

SpeedSources card(std::string_view name, std::uint64_t memory_gib) {
    SpeedSources sources;
    sources.kind = "cuda";
    sources.name = name;
    sources.memory_bytes = memory_gib * gib;
    return sources;
}

}  // namespace

TEST_CASE("the reference device counts as one, a faster card for more, a slower one for less") {
    CHECK(permille_of(reference_measure) == 1'000);
    const auto usual = reference_permille(card("NVIDIA GeForce RTX 3060", 12));
    CHECK(usual >= 998);
    CHECK(usual <= 1'002);
    const auto fast = reference_permille(card("NVIDIA GeForce RTX 4090", 24));
    const auto slow = reference_permille(card("NVIDIA GeForce GTX 1650", 4));
    CHECK(fast > 4'000);  // 82.6 TFLOPS and 1008 GB/s
    CHECK(fast < 5'000);
    CHECK(slow < 400);
    CHECK(slow > 200);
}

TEST_CASE("one figure tells alone where the other was not measured, none tells nothing") {
    CHECK(permille_of({reference_measure.fp32_gflops_milli * 2, 0}) == 2'000);
    CHECK(permille_of({0, reference_measure.copy_gb_per_s_milli / 2}) == 500);
    CHECK_FALSE(permille_of({}).has_value());
    CHECK_FALSE(permille_of({-5, -5}).has_value());
    CHECK(permille_of({1, 1}) == 1);  // never nothing
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(permille_of({most, most}) == permille_max);
}

TEST_CASE("a report above what such cards do gains nothing, one below counts for what it is") {
    auto sources = card("NVIDIA GeForce RTX 4090", 24);
    const auto usual = reference_permille(sources);
    sources.own = usual * 3;
    CHECK(reference_permille(sources) == usual);
    sources.own = usual / 2;
    CHECK(reference_permille(sources) == usual / 2);
}

TEST_CASE("three other owners say what a device does, against the catalogue and the own report") {
    auto sources = card("NVIDIA GeForce RTX 4090", 24);
    const auto by_catalogue = reference_permille(sources);
    const std::array<std::int64_t, 2> two{100, 120};
    sources.others = two;
    CHECK(reference_permille(sources) == by_catalogue);
    const std::array<std::int64_t, 3> three{120, 9'000, 100};
    sources.others = three;
    CHECK(reference_permille(sources) == 120);
    sources.own = 8'000;
    CHECK(reference_permille(sources) == 120);
    const std::array<std::int64_t, 4> four{120, 9'000, 9'000, 100};
    sources.others = four;
    CHECK(reference_permille(sources) == 120);  // of two middles the lower
}

TEST_CASE("what nobody knows counts as the constant of its kind, whatever it says of itself") {
    SpeedSources sources;
    sources.kind = "cpu";
    sources.name = "Some CPU";
    CHECK(reference_permille(sources) == processor_permille);
    sources.own = 20'000;
    CHECK(reference_permille(sources) == processor_permille);
    sources.own = 7;
    CHECK(reference_permille(sources) == 7);
    CHECK(reference_permille(card("Some GPU", 8)) == unknown_card_permille);
    CHECK(reference_permille({}) == unknown_card_permille);
}

TEST_CASE("reference time is device time weighed, without overflow") {
    CHECK(reference_micros(2'000'000, 1'500) == 3'000'000);
    CHECK(reference_micros(1, 999) == 0);
    CHECK(reference_micros(-5, 1'000) == 0);
    CHECK(reference_micros(5, -1'000) == 0);
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(reference_micros(most, permille_max) == most);
}
