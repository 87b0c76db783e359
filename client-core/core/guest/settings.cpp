#include "client-core/core/guest/settings.h"

#include <algorithm>
#include <array>
#include <optional>

namespace gleaner::guest {

namespace {

constexpr std::uint32_t day_minutes = 24 * 60;
constexpr std::array<std::string_view, 7> days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/// Of two limits of which 0 is none.
template <class T>
T tighter(T a, T b) {
    if (a == 0 || b == 0) return std::max(a, b);
    return std::min(a, b);
}

std::uint32_t span(std::uint32_t from, std::uint32_t to) {
    return (to + day_minutes - from) % day_minutes;
}

/// The shortest hours that cover both.
void cover_business(const Settings& a, const Settings& b, Settings& out) {
    const Settings* wider = &a;
    if (!has_business_hours(a)) wider = &b;
    out.business_from_minute = wider->business_from_minute;
    out.business_to_minute = wider->business_to_minute;
    if (!has_business_hours(a) || !has_business_hours(b)) return;
    std::uint32_t best = day_minutes + 1;
    for (const Settings* first : {&a, &b}) {
        for (const Settings* last : {&a, &b}) {
            const auto from = first->business_from_minute;
            const auto length = span(from, last->business_to_minute);
            const auto covers = [&](const Settings& s) {
                const auto begin = span(from, s.business_from_minute);
                return begin + span(s.business_from_minute, s.business_to_minute) <= length;
            };
            if (length == 0 || length >= best || !covers(a) || !covers(b)) continue;
            best = length;
            out.business_from_minute = from;
            out.business_to_minute = last->business_to_minute;
        }
    }
    if (best <= day_minutes) return;
    // Together they go all the way round: as good as always, but a minute that nobody misses.
    out.business_from_minute = std::min(a.business_from_minute, b.business_from_minute);
    out.business_to_minute = (out.business_from_minute + day_minutes - 1) % day_minutes;
}

/// From what frees the least to what frees the most.
int strictness(Settings::GiveBack mode) {
    switch (mode) {
        case Settings::GiveBack::suspend:
            return 0;
        case Settings::GiveBack::automatic:
            return 1;
        case Settings::GiveBack::release:
            return 2;
    }
    return 2;
}

Status within(const char* field, std::uint64_t value, std::uint64_t min, std::uint64_t max) {
    if (value >= min && value <= max) return ok();
    return Error(ErrorCode::invalid_argument, std::string(field) + " is " + std::to_string(value) +
                                                  ": choose " + std::to_string(min) + " to " +
                                                  std::to_string(max));
}

std::optional<std::size_t> day_named(std::string_view name) {
    const auto found = std::find(days.begin(), days.end(), name);
    if (found == days.end()) return std::nullopt;
    return static_cast<std::size_t>(found - days.begin());
}

std::optional<std::uint32_t> hour_of(std::string_view text) {
    if (text.empty() || text.size() > 2) return std::nullopt;
    std::uint32_t hour = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        hour = hour * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (hour > 24) return std::nullopt;
    return hour;
}

/// "a-b" → both; "a" → a twice.
std::pair<std::string_view, std::string_view> ends(std::string_view range) {
    const auto dash = range.find('-');
    if (dash == std::string_view::npos) return {range, range};
    return {range.substr(0, dash), range.substr(dash + 1)};
}

bool add_line(std::string_view line, WeekGrid& grid) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return false;
    std::string_view named = line.substr(0, space);
    if (named == "daily") named = "mon-sun";
    const auto [first_name, last_name] = ends(named);
    const auto first = day_named(first_name);
    const auto last = day_named(last_name);
    if (!first || !last || *last < *first) return false;
    std::string_view rest = line.substr(space + 1);
    while (true) {
        const auto comma = rest.find(',');
        const auto [from_text, to_text] = ends(rest.substr(0, comma));
        const auto from = hour_of(from_text);
        const auto to = hour_of(to_text);
        if (!from || !to || *from == 24 || *from == *to) return false;
        const std::uint32_t length = *to > *from ? *to - *from : *to + 24 - *from;
        for (std::size_t day = *first; day <= *last; ++day)
            for (std::uint32_t i = 0; i < length; ++i)
                grid.set((day * 24 + *from + i) % grid.size());
        if (comma == std::string_view::npos) return true;
        rest = rest.substr(comma + 1);
    }
}

std::string day_hours(const WeekGrid& hours, std::size_t day) {
    std::string text;
    for (std::size_t hour = 0; hour < 24; ++hour) {
        if (!hours[day * 24 + hour]) continue;
        std::size_t end = hour;
        while (end < 24 && hours[day * 24 + end]) ++end;
        if (!text.empty()) text += ',';
        text += std::to_string(hour) + "-" + std::to_string(end);
        hour = end;
    }
    return text;
}

}  // namespace

Settings suggested(MachineKind kind) {
    Settings settings;
    switch (kind) {
        case MachineKind::cafe:
            settings.idle_minutes = 5;
            settings.give_back = Settings::GiveBack::release;
            settings.pause_on_battery = false;
            break;
        case MachineKind::home:
            break;
        case MachineKind::server:
            settings.idle_minutes = 1;
            settings.pause_on_battery = false;
            settings.pause_on_full_screen = false;
            settings.pause_on_film = false;
            settings.use_game_presets = false;
            settings.others_cpu_percent = 50;
            break;
    }
    return settings;
}

Status check(const Settings& s) {
    GLEANER_TRY(within("idle_minutes", s.idle_minutes, 0, 240));
    GLEANER_TRY(within("business_from_minute", s.business_from_minute, 0, day_minutes - 1));
    GLEANER_TRY(within("business_to_minute", s.business_to_minute, 0, day_minutes - 1));
    GLEANER_TRY(within("others_cpu_percent", s.others_cpu_percent, 0, 100));
    GLEANER_TRY(within("gpu_celsius_max", s.gpu_celsius_max, 50, 110));
    GLEANER_TRY(within("cpu_celsius_max", s.cpu_celsius_max, 50, 110));
    GLEANER_TRY(within("gpu_power_percent", s.gpu_power_percent, 30, 100));
    GLEANER_TRY(within("cpu_threads", s.cpu_threads, 0, 512));
    GLEANER_TRY(within("memory_bytes", s.memory_bytes, 0, settings_bytes_max));
    GLEANER_TRY(within("disk_bytes", s.disk_bytes, 0, settings_bytes_max));
    GLEANER_TRY(within("down_bytes_per_s", s.down_bytes_per_s, 0, settings_bytes_max));
    GLEANER_TRY(within("up_bytes_per_s", s.up_bytes_per_s, 0, settings_bytes_max));
    GLEANER_TRY(within("month_bytes", s.month_bytes, 0, settings_bytes_max));
    GLEANER_TRY(within("electricity_micros_per_kwh", s.electricity_micros_per_kwh, 0, 100'000'000));
    GLEANER_TRY(within("games (entries)", s.games.size(), 0, 1'000));
    for (const auto& game : s.games) {
        const bool path = game.find_first_of("/\\") != std::string::npos;
        if (game.empty() || game.size() > 128 || path)
            return Error(ErrorCode::invalid_argument,
                         "games: \"" + game +
                             "\" is no file name: write the program's name as the task manager "
                             "shows it, like dota2 or cs2.exe");
    }
    return ok();
}

Settings strictest(const Settings& a, const Settings& b) {
    Settings s;
    s.hours = a.hours & b.hours;
    cover_business(a, b, s);
    s.idle_minutes = std::max(a.idle_minutes, b.idle_minutes);
    s.when_in_use = std::min(a.when_in_use, b.when_in_use);
    s.games = a.games;
    s.games.insert(s.games.end(), b.games.begin(), b.games.end());
    std::sort(s.games.begin(), s.games.end());
    s.games.erase(std::unique(s.games.begin(), s.games.end()), s.games.end());
    s.use_game_presets = a.use_game_presets || b.use_game_presets;
    s.others_cpu_percent = tighter(a.others_cpu_percent, b.others_cpu_percent);
    s.pause_on_battery = a.pause_on_battery || b.pause_on_battery;
    s.pause_on_metered = a.pause_on_metered || b.pause_on_metered;
    s.pause_on_full_screen = a.pause_on_full_screen || b.pause_on_full_screen;
    s.pause_on_film = a.pause_on_film || b.pause_on_film;
    s.gpu_celsius_max = std::min(a.gpu_celsius_max, b.gpu_celsius_max);
    s.cpu_celsius_max = std::min(a.cpu_celsius_max, b.cpu_celsius_max);
    s.gpu_power_percent = std::min(a.gpu_power_percent, b.gpu_power_percent);
    s.cpu_threads = tighter(a.cpu_threads, b.cpu_threads);
    s.memory_bytes = tighter(a.memory_bytes, b.memory_bytes);
    s.disk_bytes = tighter(a.disk_bytes, b.disk_bytes);
    s.down_bytes_per_s = tighter(a.down_bytes_per_s, b.down_bytes_per_s);
    s.up_bytes_per_s = tighter(a.up_bytes_per_s, b.up_bytes_per_s);
    s.month_bytes = tighter(a.month_bytes, b.month_bytes);
    s.give_back = strictness(a.give_back) >= strictness(b.give_back) ? a.give_back : b.give_back;
    // Not a limit: the dearer power makes the more careful estimate.
    s.electricity_micros_per_kwh =
        std::max(a.electricity_micros_per_kwh, b.electricity_micros_per_kwh);
    return s;
}

std::vector<std::string> stricter_fields(const Settings& site, const Settings& local) {
    const Settings s = strictest(site, local);
    std::vector<std::string> names;
    const auto add = [&names](const char* name, bool differs) {
        if (differs) names.emplace_back(name);
    };
    add("hours", s.hours != local.hours);
    add("business_from_minute", s.business_from_minute != local.business_from_minute);
    add("business_to_minute", s.business_to_minute != local.business_to_minute);
    add("idle_minutes", s.idle_minutes != local.idle_minutes);
    add("when_in_use", s.when_in_use != local.when_in_use);
    add("games", s.games.size() > local.games.size());
    add("use_game_presets", s.use_game_presets != local.use_game_presets);
    add("others_cpu_percent", s.others_cpu_percent != local.others_cpu_percent);
    add("pause_on_battery", s.pause_on_battery != local.pause_on_battery);
    add("pause_on_metered", s.pause_on_metered != local.pause_on_metered);
    add("pause_on_full_screen", s.pause_on_full_screen != local.pause_on_full_screen);
    add("pause_on_film", s.pause_on_film != local.pause_on_film);
    add("gpu_celsius_max", s.gpu_celsius_max != local.gpu_celsius_max);
    add("cpu_celsius_max", s.cpu_celsius_max != local.cpu_celsius_max);
    add("gpu_power_percent", s.gpu_power_percent != local.gpu_power_percent);
    add("cpu_threads", s.cpu_threads != local.cpu_threads);
    add("memory_bytes", s.memory_bytes != local.memory_bytes);
    add("disk_bytes", s.disk_bytes != local.disk_bytes);
    add("down_bytes_per_s", s.down_bytes_per_s != local.down_bytes_per_s);
    add("up_bytes_per_s", s.up_bytes_per_s != local.up_bytes_per_s);
    add("month_bytes", s.month_bytes != local.month_bytes);
    add("give_back", s.give_back != local.give_back);
    return names;
}

std::vector<std::string> hours_to_text(const WeekGrid& hours) {
    std::vector<std::string> lines;
    for (std::size_t day = 0; day < 7; ++day) {
        const std::string text = day_hours(hours, day);
        std::size_t last = day;
        while (last + 1 < 7 && day_hours(hours, last + 1) == text) ++last;
        if (!text.empty()) {
            std::string line(days[day]);
            if (last > day) line += "-" + std::string(days[last]);
            lines.push_back(line + " " + text);
        }
        day = last;
    }
    return lines;
}

Result<WeekGrid> hours_from_text(const std::vector<std::string>& lines) {
    WeekGrid grid;
    for (const auto& line : lines)
        if (!add_line(line, grid))
            return Error(ErrorCode::invalid_argument,
                         "\"" + line +
                             "\" is not understood: write days and hours like "
                             "\"mon-fri 0-8,22-24\" or \"daily 22-8\"");
    return grid;
}

bool in_business(const Settings& s, std::uint32_t minute) {
    return has_business_hours(s) && span(s.business_from_minute, minute) <
                                        span(s.business_from_minute, s.business_to_minute);
}

}  // namespace gleaner::guest
