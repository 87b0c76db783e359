#pragma once
/// Days of accounts: UTC, counted from 1970-01-01. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/util/clock.h"

namespace gleaner {

[[nodiscard]] constexpr std::int64_t day_of(WallTime time) {
    constexpr std::int64_t micros_of_day = 86'400'000'000;
    return time.micros / micros_of_day;
}

/// "2026-11-25".
[[nodiscard]] std::string date_text(std::int64_t day);

/// The inverse; nothing for what is no date of the years 1970 to 9999.
[[nodiscard]] std::optional<std::int64_t> day_of_date(std::string_view date);

}  // namespace gleaner
