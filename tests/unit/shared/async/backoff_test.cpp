#include "shared/async/backoff.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace gleaner;

TEST_CASE("every wait lies between the base and the smaller of cap and three times the last") {
    Random random(7);
    Backoff backoff(100ms, 5s);
    Duration previous = 100ms;
    Duration longest{0};
    for (int i = 0; i < 2'000; ++i) {
        const auto wait = backoff.next(random);
        REQUIRE(wait >= Duration{100ms});
        REQUIRE(wait <= std::min(Duration{5s}, previous * 3));
        longest = std::max(longest, wait);
        previous = wait;
    }
    CHECK(longest > Duration{4s});
}

TEST_CASE("after a reset the next wait is short again") {
    Random random(7);
    Backoff backoff(100ms, 60s);
    for (int i = 0; i < 50; ++i) (void)backoff.next(random);
    backoff.reset();
    CHECK(backoff.next(random) <= Duration{300ms});
}

TEST_CASE("two seeds give different waits, one seed the same") {
    Random a(1), b(1), c(2);
    Backoff first(100ms, 60s), second(100ms, 60s), third(100ms, 60s);
    const auto wait = first.next(a);
    CHECK(wait == second.next(b));
    CHECK(wait != third.next(c));
}
