#pragma once
/// Days and months of accounts: those of Asia/Shanghai, where the books are kept. China has had one
/// zone without summer time since 1991, so it is a fixed +08:00. Days count from 1970-01-01. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/util/clock.h"

namespace gleaner {

inline constexpr Duration accounting_zone_offset = std::chrono::hours(8);

/// The day in which `time` falls.
[[nodiscard]] constexpr std::int64_t day_of(WallTime time) {
    constexpr std::int64_t micros_of_day = 86'400'000'000;
    const std::int64_t local = time.micros + accounting_zone_offset.count();
    return local / micros_of_day - (local % micros_of_day < 0 ? 1 : 0);
}

/// Its first moment: midnight in Shanghai.
[[nodiscard]] constexpr WallTime start_of_day(std::int64_t day) {
    constexpr std::int64_t micros_of_day = 86'400'000'000;
    return WallTime{day * micros_of_day} - accounting_zone_offset;
}

/// Minutes since the day began: 0 to 1439.
[[nodiscard]] constexpr std::int32_t minute_of_day(WallTime time) {
    constexpr std::int64_t micros_of_minute = 60'000'000;
    return static_cast<std::int32_t>((time - start_of_day(day_of(time))).count() /
                                     micros_of_minute);
}

/// "2026-11-25".
[[nodiscard]] std::string date_text(std::int64_t day);

/// The inverse; nothing for what is no date of the years 1970 to 9999.
[[nodiscard]] std::optional<std::int64_t> day_of_date(std::string_view date);

/// A calendar month, counted from January 1970.
struct Month {
    std::int64_t number = 0;

    friend auto operator<=>(const Month&, const Month&) = default;
    [[nodiscard]] Month next() const { return {number + 1}; }
    [[nodiscard]] Month previous() const { return {number - 1}; }
};

[[nodiscard]] Month month_of(std::int64_t day);
/// Its first day; the last one is the day before first_day(month.next()).
[[nodiscard]] std::int64_t first_day(Month month);
/// "2026-11".
[[nodiscard]] std::string month_text(Month month);
/// The inverse; nothing for what is no month of the years 1970 to 9999.
[[nodiscard]] std::optional<Month> month_of_text(std::string_view text);

/// The same day so many months later; the month's last one where it has no such day.
[[nodiscard]] std::int64_t add_months(std::int64_t day, std::int32_t months);

/// "2026-11-25 08:30:00", as clocks in Shanghai show it.
[[nodiscard]] std::string local_time_text(WallTime time);

}  // namespace gleaner
