#include "coordinator/ledger/time_band.h"

#include <algorithm>
#include <array>
#include <bit>

#include "shared/model/civil_day.h"

namespace gleaner::ledger {

namespace {

constexpr std::int32_t minutes_of_day = 1440;
constexpr std::int32_t minutes_of_week = 7 * minutes_of_day;
constexpr std::size_t bands_max = 24;
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t changes_max = 4'000;

Error wrong(const TimeBand& band, const std::string& why) {
    return {ErrorCode::invalid_argument, "time band \"" + band.name + "\": " + why};
}

std::int32_t length_of(const TimeBand& band) {
    const std::int32_t length = band.to_minute - band.from_minute;
    return length > 0 ? length : length + minutes_of_day;
}

bool begins_on(const TimeBand& band, std::int32_t weekday) {
    return ((band.weekdays >> weekday) & 1) != 0;
}

/// Monday is 0; the first day of 1970 was a Thursday.
std::int32_t weekday_of(std::int64_t day) {
    return static_cast<std::int32_t>(((day + 3) % 7 + 7) % 7);
}

bool covers(const TimeBand& band, std::int32_t weekday, std::int32_t minute) {
    const std::int32_t since_today = minute - band.from_minute;
    if (since_today >= 0 && since_today < length_of(band) && begins_on(band, weekday)) return true;
    const std::int32_t since_yesterday = since_today + minutes_of_day;
    return since_yesterday < length_of(band) && begins_on(band, (weekday + 6) % 7);
}

Status check_one(const TimeBand& band) {
    if (band.name.empty() || band.name.size() > name_bytes_max) {
        return Error(ErrorCode::invalid_argument, "a time band has a name of 1 to 64 bytes");
    }
    const bool times = band.from_minute >= 0 && band.from_minute < minutes_of_day &&
                       band.to_minute > 0 && band.to_minute <= minutes_of_day &&
                       band.from_minute != band.to_minute;
    if (!times)
        return wrong(band, "it begins at 00:00 to 23:59 and ends at another time, by 24:00");
    if (band.weekdays == 0 || band.weekdays > every_day) {
        return wrong(band, "it is on at least one day of the week");
    }
    if (band.factor < 0 || band.factor > factor_max) {
        return wrong(band, "its factor is 0 to 10, with four decimals");
    }
    return ok();
}

}  // namespace

Status check(std::span<const TimeBand> bands) {
    if (bands.size() > bands_max) {
        return Error(ErrorCode::too_large, "a price book has at most 24 time bands");
    }
    std::array<const TimeBand*, minutes_of_week> taken{};
    for (const auto& band : bands) {
        GLEANER_TRY(check_one(band));
        for (std::int32_t weekday = 0; weekday < 7; ++weekday) {
            if (!begins_on(band, weekday)) continue;
            const std::int32_t first = weekday * minutes_of_day + band.from_minute;
            for (std::int32_t minute = 0; minute < length_of(band); ++minute) {
                auto& place = taken[static_cast<std::size_t>((first + minute) % minutes_of_week)];
                if (place != nullptr && place != &band) {
                    return wrong(band, "it overlaps the time band \"" + place->name +
                                           "\": a moment lies in one band at most");
                }
                place = &band;
            }
        }
    }
    return ok();
}

const TimeBand* band_at(std::span<const TimeBand> bands, WallTime at) {
    const std::int32_t weekday = weekday_of(day_of(at));
    const std::int32_t minute = minute_of_day(at);
    const auto found = std::ranges::find_if(
        bands, [&](const TimeBand& band) { return covers(band, weekday, minute); });
    return found == bands.end() ? nullptr : &*found;
}

std::vector<WallTime> band_changes(std::span<const TimeBand> bands, WallTime from, WallTime to) {
    std::vector<WallTime> edges;
    for (std::int64_t day = day_of(from) - 1; start_of_day(day) < to && edges.size() < changes_max;
         ++day) {
        for (const auto& band : bands) {
            if (!begins_on(band, weekday_of(day))) continue;
            const WallTime begins = start_of_day(day) + std::chrono::minutes(band.from_minute);
            for (const WallTime edge : {begins, begins + std::chrono::minutes(length_of(band))})
                if (edge > from && edge < to) edges.push_back(edge);
        }
    }
    std::ranges::sort(edges);
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    // A band that follows on itself is no change.
    const TimeBand* before = band_at(bands, from);
    std::erase_if(edges, [&](WallTime edge) {
        const TimeBand* now = band_at(bands, edge);
        return std::exchange(before, now) == now;
    });
    return edges;
}

bool leaves_gaps(std::span<const TimeBand> bands) {
    std::int32_t covered = 0;
    for (const auto& band : bands) covered += length_of(band) * std::popcount(band.weekdays);
    return covered < minutes_of_week;
}

}  // namespace gleaner::ledger
