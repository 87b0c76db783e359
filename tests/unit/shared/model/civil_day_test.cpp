#include "shared/model/civil_day.h"

#include <doctest/doctest.h>

using namespace gleaner;

TEST_CASE("days and dates are each other's inverse") {
    CHECK(date_text(0) == "1970-01-01");
    CHECK(date_text(20'782) == "2026-11-25");
    CHECK(day_of(WallTime{20'782LL * 86'400'000'000}) == 20'782);
    CHECK(day_of(WallTime{20'783LL * 86'400'000'000 - 1}) == 20'782);
    for (std::int64_t day = 0; day < 40'000; day += 13) CHECK(day_of_date(date_text(day)) == day);
    CHECK(day_of_date("2028-02-29") == 21'243);
}

TEST_CASE("what is no date has no day") {
    for (const char* text : {"", "2026-11-31", "2026-13-01", "2027-02-29", "1969-12-31",
                             "2026/11/25", "2026-1-25", "2026-11-2x", "+026-11-25", "2026-11-255"})
        CHECK_MESSAGE(!day_of_date(text), text);
}
