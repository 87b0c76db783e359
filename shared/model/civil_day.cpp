#include "shared/model/civil_day.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace gleaner {

namespace {

std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string date_text(std::int64_t day) {
    const std::chrono::year_month_day date{
        std::chrono::sys_days{std::chrono::days{static_cast<int>(day)}}};
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text;
}

std::optional<std::int64_t> day_of_date(std::string_view date) {
    if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
    const auto year = number(date.substr(0, 4));
    const auto month = number(date.substr(5, 2));
    const auto day = number(date.substr(8, 2));
    if (!year || *year < 1970 || !month || !day) return std::nullopt;
    const std::chrono::year_month_day parsed{std::chrono::year{static_cast<int>(*year)},
                                             std::chrono::month{*month}, std::chrono::day{*day}};
    if (!parsed.ok()) return std::nullopt;
    return std::chrono::sys_days{parsed}.time_since_epoch().count();
}

Month month_of(std::int64_t day) {
    const std::chrono::year_month_day date{
        std::chrono::sys_days{std::chrono::days{static_cast<int>(day)}}};
    return {(static_cast<int>(date.year()) - 1970) * std::int64_t{12} +
            static_cast<unsigned>(date.month()) - 1};
}

std::int64_t first_day(Month month) {
    const auto first = std::chrono::year{1970} / std::chrono::January / 1;
    return std::chrono::sys_days{first + std::chrono::months{static_cast<int>(month.number)}}
        .time_since_epoch()
        .count();
}

std::string month_text(Month month) {
    return date_text(first_day(month)).substr(0, 7);
}

std::optional<Month> month_of_text(std::string_view text) {
    if (text.size() != 7) return std::nullopt;
    const auto day = day_of_date(std::string(text) + "-01");
    if (!day) return std::nullopt;
    return month_of(*day);
}

std::int64_t add_months(std::int64_t day, std::int32_t months) {
    const Month from = month_of(day);
    const Month to{from.number + months};
    const std::int64_t length = first_day(to.next()) - first_day(to);
    return first_day(to) + std::min(day - first_day(from), length - 1);
}

std::string local_time_text(WallTime time) {
    const std::int64_t day = day_of(time);
    const auto seconds = (time - start_of_day(day)).count() / 1'000'000;
    char text[80];
    std::snprintf(text, sizeof text, " %02d:%02d:%02d", static_cast<int>(seconds / 3'600),
                  static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
    return date_text(day) + text;
}

}  // namespace gleaner
