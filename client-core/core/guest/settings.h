#pragma once
/// What an owner wants of a node that is a guest on their machine. Plain values and pure functions.
/// The site's owner has a set of them, the machine's user another: the stricter of each counts.

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/sentence.h"
#include "shared/util/result.h"

namespace gleaner::guest {

/// The hours of a week in local time: bit 0 is Monday from 00:00 to 01:00.
using WeekGrid = std::bitset<168>;

/// Of memory, disk and traffic: 1 PiB.
inline constexpr std::uint64_t settings_bytes_max = 1ull << 50;

struct Settings {
    /// While somebody uses the machine.
    enum class InUse : std::uint8_t { pause, throttle, run };
    /// What becomes of a model in memory during a pause.
    enum class GiveBack : std::uint8_t { automatic, release, suspend };

    WeekGrid hours = WeekGrid().set();
    /// A café's opening hours, minutes of the day, from <= x < to (over midnight when to < from):
    /// then only seats work that the billing software says are free. Equal: no such hours.
    std::uint32_t business_from_minute = 0;
    std::uint32_t business_to_minute = 0;
    std::uint32_t idle_minutes = 10;  ///< 0: two seconds, for machines that people only look after
    InUse when_in_use = InUse::pause;
    std::vector<std::string> games;  ///< programs by file name, beyond the presets
    bool use_game_presets = true;
    std::uint32_t others_cpu_percent = 25;  ///< pause above it; 0: never
    bool pause_on_battery = true;
    bool pause_on_metered = true;
    bool pause_on_full_screen = true;
    bool pause_on_film = true;
    std::uint32_t gpu_celsius_max = 83;
    std::uint32_t cpu_celsius_max = 90;
    std::uint32_t gpu_power_percent = 100;  ///< of what the card draws at most
    std::uint32_t cpu_threads = 0;          ///< 0: the node chooses; so with the next two
    std::uint64_t memory_bytes = 0;
    std::uint64_t disk_bytes = 0;
    std::uint64_t down_bytes_per_s = 0;  ///< 0: no limit; so with the next two
    std::uint64_t up_bytes_per_s = 0;
    std::uint64_t month_bytes = 0;  ///< both ways together
    GiveBack give_back = GiveBack::automatic;
    std::uint32_t electricity_micros_per_kwh = 600'000;  ///< 0.60 a kWh; for the estimate only

    friend bool operator==(const Settings&, const Settings&) = default;
};

/// What kind of machine it is, for the suggestion at the first start.
enum class MachineKind : std::uint8_t { cafe, home, server };
[[nodiscard]] Settings suggested(MachineKind kind);

/// Error: invalid_argument that names the field and its range. Settings that pass cannot contradict
/// each other: each only ever makes the node do less.
[[nodiscard]] Status check(const Settings& settings);

/// Of each field the stricter. Commutative, and the same twice is the same.
[[nodiscard]] Settings strictest(const Settings& a, const Settings& b);
/// The names of the fields where the site makes the node do less than `local` would.
[[nodiscard]] std::vector<std::string> stricter_fields(const Settings& site, const Settings& local);

/// In plain words, what the node will do.
[[nodiscard]] Sentence describe(const Settings& settings);

/// "mon 8-12,20-24" for each day with hours, days with the same hours together ("mon-fri 0-8").
[[nodiscard]] std::vector<std::string> hours_to_text(const WeekGrid& hours);
/// The inverse; also takes "daily 22-8" (over midnight: the hours after it are the next day's).
/// Error: invalid_argument that shows the form.
[[nodiscard]] Result<WeekGrid> hours_from_text(const std::vector<std::string>& lines);

/// Well-known games by their programs' file names, sorted, lower case.
[[nodiscard]] const std::vector<std::string_view>& game_presets();
/// Is a program of this name a game by these settings? Any case; ".exe" may be missing.
[[nodiscard]] bool is_game(std::string_view program, const Settings& settings);

[[nodiscard]] constexpr bool has_business_hours(const Settings& settings) {
    return settings.business_from_minute != settings.business_to_minute;
}
[[nodiscard]] bool in_business(const Settings& settings, std::uint32_t minute_of_day);

}  // namespace gleaner::guest
