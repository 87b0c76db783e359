#include "coordinator/core/scheduler/interval_set.h"

#include <set>

#include <doctest/doctest.h>

#include "shared/util/random.h"

using gleaner::Random;
using gleaner::core::IntervalSet;

TEST_CASE("adjacent and overlapping runs merge into one") {
    IntervalSet set;
    set.insert(0, 10);
    set.insert(20, 30);
    CHECK(set.runs() == 2);
    set.insert(10, 20);
    CHECK(set.runs() == 1);
    CHECK(set.size() == 30);
    set.insert(5, 25);
    CHECK(set.size() == 30);
}

TEST_CASE("a million items are one run") {
    IntervalSet set;
    set.insert(0, 1'000'000);
    CHECK(set.runs() == 1);
    std::vector<std::uint32_t> taken;
    CHECK(set.take(3, taken) == 3);
    CHECK(taken == std::vector<std::uint32_t>{0, 1, 2});
    CHECK(set.size() == 999'997);
}

TEST_CASE("random inserts, erasures and takes agree with an ordinary set") {
    Random random(7);
    IntervalSet set;
    std::set<std::uint32_t> plain;
    for (int step = 0; step < 5'000; ++step) {
        const auto value = static_cast<std::uint32_t>(random.below(200));
        switch (random.below(3)) {
            case 0: {
                const auto last = value + static_cast<std::uint32_t>(random.below(5));
                set.insert(value, last);
                for (auto v = value; v < last; ++v) plain.insert(v);
                break;
            }
            case 1:
                CHECK(set.erase(value) == (plain.erase(value) == 1));
                break;
            default: {
                std::vector<std::uint32_t> taken;
                set.take(2, taken);
                for (const auto v : taken) {
                    REQUIRE(*plain.begin() == v);
                    plain.erase(plain.begin());
                }
            }
        }
        REQUIRE(set.size() == plain.size());
        REQUIRE(set.contains(value) == plain.contains(value));
    }
}
