#include "shared/model/civil_time.h"

#include <doctest/doctest.h>

using namespace gleaner;

TEST_CASE("times are written and read as UTC, days as those of Shanghai") {
    CHECK(utc_text(WallTime{0}) == "1970-01-01T00:00:00Z");
    CHECK(utc_text(WallTime{951'827'696'000'000}) == "2000-02-29T12:34:56Z");
    CHECK(parse_time("2000-02-29T12:34:56Z").value() == WallTime{951'827'696'000'000});
    CHECK(parse_time("1970-01-02").value() == WallTime{57'600'000'000});
}

TEST_CASE("text that is no time is refused") {
    for (const char* text :
         {"", "2026", "2026-13-01", "2026-02-30", "1969-12-31", "2026-01-01T25:00:00Z",
          "2026-01-01 00:00:00Z", "2026-01-01T00:00:60Z", "today"}) {
        CAPTURE(text);
        CHECK(!parse_time(text));
    }
}
