#include "coordinator/documents/amount_text.h"

#include <limits>

#include <doctest/doctest.h>

#include "shared/model/civil_day.h"

using namespace gleaner;
using namespace gleaner::documents;

TEST_CASE("an amount has two decimals, and more only where it is not exact without them") {
    CHECK(decimals_of({1'230'000}) == 2);
    CHECK(decimals_of({1'234'000}) == 3);
    CHECK(decimals_of({-1}) == 6);
    CHECK(decimals_of(Money{}) == 2);
    CHECK(amount_text({1'234'567'890'000}, 2) == "1,234,567.89");
    CHECK(amount_text({-1'230'000}, 4) == "-1.2300");
    CHECK(amount_text({-1}, 6) == "-0.000001");
    CHECK(plain_amount({1'234'567'890'000}, 2) == "1234567.89");
    const Money least{std::numeric_limits<std::int64_t>::min()};
    CHECK(amount_text(least, 6) == "-9,223,372,036,854.775808");
}

TEST_CASE("counts are grouped, and device time is hours") {
    CHECK(count_text(0) == "0");
    CHECK(count_text(999) == "999");
    CHECK(count_text(1'000) == "1,000");
    CHECK(count_text(-1'234'567) == "-1,234,567");
    CHECK(hours_text(3'600'000'000) == "1.00");
    CHECK(hours_text(12'345'000'000'000) == "3,429.17");
}

TEST_CASE("a period of whole days names its last day, another one its moments") {
    const WallTime from = start_of_day(*day_of_date("2026-11-01"));
    const WallTime to = start_of_day(*day_of_date("2026-12-01"));
    CHECK(period_text(from, to, false) == "2026-11-01 to 2026-11-30");
    CHECK(period_text({}, to, true) == "截至 2026-11-30");
    CHECK(period_text(from + 90s, to + 1h, false) == "2026-11-01 00:01:30 to 2026-12-01 01:00:00");
}
