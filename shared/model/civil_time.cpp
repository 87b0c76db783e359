#include "shared/model/civil_time.h"

#include <chrono>
#include <cstdio>

#include "shared/model/civil_day.h"

namespace gleaner {

namespace {

/// `text` against a shape in which 0 stands for a digit.
bool has_shape(std::string_view text, std::string_view shape) {
    if (text.size() != shape.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == '0' ? !digit : text[i] != shape[i]) return false;
    }
    return true;
}

int number(std::string_view text, std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char c : text.substr(at, digits)) value = value * 10 + (c - '0');
    return value;
}

}  // namespace

std::string utc_text(WallTime time) {
    using namespace std::chrono;
    const sys_time<microseconds> point{microseconds{time.micros}};
    const auto day = floor<days>(point);
    const year_month_day date{day};
    const hh_mm_ss<seconds> clock{floor<seconds>(point - day)};
    char text[48];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

Result<WallTime> parse_time(std::string_view text) {
    using namespace std::chrono;
    const bool whole = has_shape(text, "0000-00-00T00:00:00Z");
    const Error wrong(ErrorCode::invalid_argument,
                      "\"" + std::string(text.substr(0, 40)) +
                          "\" is not a time: write 2026-11-24 or 2026-11-24T20:12:05Z");
    if (!whole && !has_shape(text, "0000-00-00")) return wrong;
    const year_month_day date{year{number(text, 0, 4)},
                              month{static_cast<unsigned>(number(text, 5, 2))},
                              day{static_cast<unsigned>(number(text, 8, 2))}};
    if (!date.ok() || date.year() < year{1970}) return wrong;
    sys_time<seconds> point = sys_days{date};
    if (!whole) {
        point -= duration_cast<seconds>(accounting_zone_offset);
    } else {
        const int hour = number(text, 11, 2);
        const int minute = number(text, 14, 2);
        const int second = number(text, 17, 2);
        if (hour > 23 || minute > 59 || second > 59) return wrong;
        point += hours{hour} + minutes{minute} + seconds{second};
    }
    return WallTime{duration_cast<microseconds>(point.time_since_epoch()).count()};
}

}  // namespace gleaner
