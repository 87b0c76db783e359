#pragma once
/// Hours of the week, in Shanghai, at which prices are multiplied: night rates, weekends. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::ledger {

/// Factors are in basis points: 10 000 leaves a price as it is.
inline constexpr std::int32_t whole_factor = 10'000;
inline constexpr std::int32_t factor_max = 100'000;
inline constexpr std::uint8_t every_day = 0x7f;

struct TimeBand {
    std::string name;
    std::int32_t from_minute = 0;   ///< of the day, 0 to 1439
    std::int32_t to_minute = 1440;  ///< exclusive, 1 to 1440; below `from_minute`: on the next day
    std::uint8_t weekdays = every_day;  ///< on which it begins; bit 0: Monday
    std::int32_t factor = whole_factor;

    friend bool operator==(const TimeBand&, const TimeBand&) = default;
};

/// Errors: invalid_argument (a name, time, day or factor out of bounds; two bands that overlap).
[[nodiscard]] Status check(std::span<const TimeBand> bands);

/// The band in which the moment lies; null: in none. The bands do not overlap.
[[nodiscard]] const TimeBand* band_at(std::span<const TimeBand> bands, WallTime at);

/// The moments in (from, to) at which another band or none begins, ascending; at most 4 000.
[[nodiscard]] std::vector<WallTime> band_changes(std::span<const TimeBand> bands, WallTime from,
                                                 WallTime to);

/// Is there a minute of the week that lies in no band?
[[nodiscard]] bool leaves_gaps(std::span<const TimeBand> bands);

}  // namespace gleaner::ledger
