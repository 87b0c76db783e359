#include "shared/model/civil_day.h"

#include <doctest/doctest.h>

using namespace gleaner;

TEST_CASE("days and dates are each other's inverse") {
    CHECK(date_text(0) == "1970-01-01");
    CHECK(date_text(20'782) == "2026-11-25");
    for (std::int64_t day = 0; day < 40'000; day += 13) CHECK(day_of_date(date_text(day)) == day);
    CHECK(day_of_date("2028-02-29") == 21'243);
}

TEST_CASE("what is no date has no day") {
    for (const char* text : {"", "2026-11-31", "2026-13-01", "2027-02-29", "1969-12-31",
                             "2026/11/25", "2026-1-25", "2026-11-2x", "+026-11-25", "2026-11-255"})
        CHECK_MESSAGE(!day_of_date(text), text);
}

TEST_CASE("a day begins at midnight in Shanghai, which is four in the afternoon before in London") {
    const WallTime london{20'782LL * 86'400'000'000};
    CHECK(start_of_day(20'782) == london - 8h);
    CHECK(day_of(london - 8h) == 20'782);
    CHECK(day_of(london - 8h - 1us) == 20'781);
    CHECK(day_of(london + 16h - 1us) == 20'782);
    CHECK(day_of(WallTime{} - 8h) == 0);
    CHECK(day_of(WallTime{} - 8h - 1us) == -1);
    CHECK(minute_of_day(london - 8h) == 0);
    CHECK(minute_of_day(london) == 480);
    CHECK(minute_of_day(london - 8h - 1us) == 1'439);
    CHECK(local_time_text(london) == "2026-11-25 08:00:00");
    CHECK(local_time_text(london - 8h - 1us) == "2026-11-24 23:59:59");
}

TEST_CASE("months follow each other without a gap over leap years and centuries") {
    for (Month month{0}; month.number < 2'000; month = month.next()) {
        const auto first = first_day(month);
        CHECK(month_of(first) == month);
        CHECK(month_of(first - 1) == month.previous());
        CHECK(month_of_text(month_text(month)) == month);
    }
    CHECK(month_text(month_of(20'782)) == "2026-11");
    CHECK(first_day(Month{(2028 - 1970) * 12 + 2}) - first_day(Month{(2028 - 1970) * 12 + 1}) ==
          29);
    for (const char* text : {"", "2026-13", "2026-00", "1969-12", "2026-1", "2026/01"})
        CHECK_MESSAGE(!month_of_text(text), text);
}
