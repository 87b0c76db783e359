#include "client-core/runtime/token_rate.h"

#include <doctest/doctest.h>

namespace gleaner {
namespace {

TEST_CASE("tokens a second are those of the last seconds") {
    TokenRate rate;
    CHECK(rate.per_s(Time{0}) == 0);
    Time now{0};
    for (int i = 0; i < 600; ++i) {
        now = now + 100ms;
        rate.add(5, now);
    }
    CHECK(rate.per_s(now) == doctest::Approx(50).epsilon(0.02));
    CHECK(rate.per_s(now + 10s) == doctest::Approx(50 / std::exp(1.0)).epsilon(0.02));
    CHECK(rate.per_s(now + 120s) < 0.01);
}

}  // namespace
}  // namespace gleaner
