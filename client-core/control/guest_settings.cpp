#include "client-core/control/guest_settings.h"

#include <fstream>
#include <iterator>

#include "shared/config/option.h"
#include "shared/proto/control.pb.h"
#include "shared/util/replace_file.h"

namespace gleaner {

namespace fs = std::filesystem;
using guest::Settings;

namespace {

constexpr std::size_t hours_bytes = guest::WeekGrid().size() / 8;

/// The settings that the file writes in words.
struct Words {
    std::vector<std::string> hours;
    std::string in_use;
    std::string give_back;
};

constexpr const char* in_use_words[] = {"pause", "throttle", "run"};
constexpr const char* give_back_words[] = {"automatic", "release", "suspend"};

template <std::size_t n>
std::size_t index_of(const char* const (&words)[n], const std::string& word) {
    for (std::size_t i = 0; i < n; ++i)
        if (word == words[i]) return i;
    return 0;  // the option's choices are these words
}

Words words_of(const Settings& s) {
    return {guest::hours_to_text(s.hours), in_use_words[static_cast<std::size_t>(s.when_in_use)],
            give_back_words[static_cast<std::size_t>(s.give_back)]};
}

void declare_presence(config::OptionSet& set, Settings& s, Words& w) {
    set.list({.name = "hours",
              .sentence = "Hours of the week in which it may work, like \"mon-fri 0-8,22-24\" or "
                          "\"daily 22-8\"."},
             w.hours);
    set.integer({.name = "idle_minutes",
                 .sentence = "Nobody must have used the machine for so long; 0: two seconds.",
                 .unit = "minutes"},
                s.idle_minutes, 0, 240);
    set.choice({.name = "when_in_use", .sentence = "What it does while somebody uses the machine."},
               w.in_use, {"pause", "throttle", "run"});
    set.list({.name = "games",
              .sentence = "Programs that pause it, by file name, beyond the well-known games."},
             s.games);
    set.boolean({.name = "use_game_presets", .sentence = "Well-known games pause it."},
                s.use_game_presets);
    set.boolean(
        {.name = "pause_on_full_screen", .sentence = "A program that fills the screen pauses it."},
        s.pause_on_full_screen);
    set.boolean({.name = "pause_on_film",
                 .sentence = "A program that keeps the screen on, as films do, pauses it."},
                s.pause_on_film);
    set.integer({.name = "business_from_minute",
                 .sentence = "A café's opening hours begin at this minute of the day; in them only "
                             "seats work that the billing software says are free.",
                 .unit = "minutes"},
                s.business_from_minute, 0, 1439);
    set.integer({.name = "business_to_minute",
                 .sentence = "They end at this minute; the same as their beginning: none.",
                 .unit = "minutes"},
                s.business_to_minute, 0, 1439);
    set.choice({.name = "give_back",
                .sentence = "Whether a pause frees the memory (release), keeps it (suspend), or "
                            "does what fits the reason."},
               w.give_back, {"automatic", "release", "suspend"});
}

void declare_limits(config::OptionSet& set, Settings& s) {
    set.integer({.name = "others_cpu_percent",
                 .sentence = "Other programs' use of the processor above this pauses it; 0: never.",
                 .unit = "percent"},
                s.others_cpu_percent, 0, 100);
    set.boolean({.name = "pause_on_battery", .sentence = "Not on battery."}, s.pause_on_battery);
    set.boolean({.name = "pause_on_metered", .sentence = "Not over a metered network."},
                s.pause_on_metered);
    set.integer({.name = "gpu_celsius_max", .sentence = "A hotter GPU rests.", .unit = "°C"},
                s.gpu_celsius_max, 50, 110);
    set.integer({.name = "cpu_celsius_max", .sentence = "A hotter processor rests.", .unit = "°C"},
                s.cpu_celsius_max, 50, 110);
    set.integer({.name = "gpu_power_percent",
                 .sentence = "Of a GPU's power, where the system lets it be limited.",
                 .unit = "percent"},
                s.gpu_power_percent, 30, 100);
    set.integer({.name = "cpu_threads",
                 .sentence = "Most CPU threads; 0: as the node's own option says.",
                 .unit = "threads"},
                s.cpu_threads, 0, 512);
    set.bytes({.name = "memory", .sentence = "Most main memory; 0: as the node's own option says."},
              s.memory_bytes, 0, guest::settings_bytes_max);
    set.bytes({.name = "disk", .sentence = "Most disk space; 0: as the node's own option says."},
              s.disk_bytes, 0, guest::settings_bytes_max);
    set.bytes({.name = "down_per_second", .sentence = "Most download a second; 0: no limit."},
              s.down_bytes_per_s, 0, guest::settings_bytes_max);
    set.bytes({.name = "up_per_second", .sentence = "Most upload a second; 0: no limit."},
              s.up_bytes_per_s, 0, guest::settings_bytes_max);
    set.bytes({.name = "month", .sentence = "Most traffic a month, both ways; 0: no limit."},
              s.month_bytes, 0, guest::settings_bytes_max);
    set.integer({.name = "electricity_micros_per_kwh",
                 .sentence = "What a kWh costs, in millionths of the currency; for the estimate.",
                 .unit = "micros"},
                s.electricity_micros_per_kwh, 0, 100'000'000);
}

config::OptionSet declare(Settings& settings, Words& words) {
    config::OptionSet set("");
    declare_presence(set, settings, words);
    declare_limits(set, settings);
    return set;
}

}  // namespace

std::string settings_to_toml(const Settings& settings) {
    Settings copy = settings;
    Words words = words_of(settings);
    const auto set = declare(copy, words);
    std::string text;
    for (const auto& option : set.options()) {
        text += "# " + option.text.sentence;
        if (!option.bounds.empty()) text += " Allowed: " + option.bounds + ".";
        text += "\n" + option.text.name + " = " + option.default_toml + "\n\n";
    }
    return text;
}

Result<Settings> settings_from_toml(const std::string& toml, const std::string& origin,
                                    Settings settings) {
    Words words = words_of(settings);
    auto set = declare(settings, words);
    GLEANER_TRY(set.load_toml(toml, origin));
    auto hours = guest::hours_from_text(words.hours);
    if (hours.has_error()) return hours.error().within(origin + ": hours");
    settings.hours = hours.value();
    settings.when_in_use = static_cast<Settings::InUse>(index_of(in_use_words, words.in_use));
    settings.give_back =
        static_cast<Settings::GiveBack>(index_of(give_back_words, words.give_back));
    const Status checked = guest::check(settings);
    if (checked.has_error()) return checked.error().within(origin);
    return settings;
}

Result<Settings> load_settings(const fs::path& file) {
    std::error_code none;
    if (!fs::exists(file, none))
        return Error(ErrorCode::not_found, "there are no settings in " + file.string());
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return Error(ErrorCode::io_failed, "cannot read " + file.string());
    return settings_from_toml(text, file.string());
}

Status save_settings(const fs::path& file, const Settings& settings) {
    return replace_file(file, settings_to_toml(settings));
}

control::Wishes to_wishes(const Settings& s) {
    control::Wishes w;
    std::string hours(hours_bytes, '\0');
    for (std::size_t i = 0; i < s.hours.size(); ++i)
        if (s.hours[i]) hours[i / 8] = static_cast<char>(hours[i / 8] | 1 << i % 8);
    w.set_hours(hours);
    w.set_idle_minutes(s.idle_minutes);
    w.set_when_in_use(static_cast<control::Wishes::InUse>(s.when_in_use));
    for (const auto& game : s.games) w.add_games(game);
    w.set_use_game_presets(s.use_game_presets);
    w.set_others_cpu_percent(s.others_cpu_percent);
    w.set_pause_on_battery(s.pause_on_battery);
    w.set_pause_on_metered(s.pause_on_metered);
    w.set_pause_on_full_screen(s.pause_on_full_screen);
    w.set_pause_on_film(s.pause_on_film);
    w.set_gpu_celsius_max(s.gpu_celsius_max);
    w.set_cpu_celsius_max(s.cpu_celsius_max);
    w.set_gpu_power_percent(s.gpu_power_percent);
    w.set_cpu_threads(s.cpu_threads);
    w.set_memory_bytes(s.memory_bytes);
    w.set_disk_bytes(s.disk_bytes);
    w.set_down_bytes_per_s(s.down_bytes_per_s);
    w.set_up_bytes_per_s(s.up_bytes_per_s);
    w.set_month_bytes(s.month_bytes);
    w.set_give_back(static_cast<control::Wishes::GiveBack>(s.give_back));
    w.set_electricity_micros_per_kwh(s.electricity_micros_per_kwh);
    w.set_business_from_minute(s.business_from_minute);
    w.set_business_to_minute(s.business_to_minute);
    return w;
}

Result<Settings> from_wishes(const control::Wishes& w) {
    if (w.hours().size() != hours_bytes)
        return Error(ErrorCode::invalid_argument,
                     "hours: " + std::to_string(hours_bytes) + " bytes are wanted");
    if (!control::Wishes::InUse_IsValid(w.when_in_use()) ||
        !control::Wishes::GiveBack_IsValid(w.give_back()))
        return Error(ErrorCode::invalid_argument,
                     "when_in_use or give_back is of a newer version than this node");
    Settings s;
    for (std::size_t i = 0; i < s.hours.size(); ++i)
        s.hours[i] = (static_cast<unsigned char>(w.hours()[i / 8]) >> i % 8 & 1) != 0;
    s.idle_minutes = w.idle_minutes();
    s.when_in_use = static_cast<Settings::InUse>(w.when_in_use());
    s.games.assign(w.games().begin(), w.games().end());
    s.use_game_presets = w.use_game_presets();
    s.others_cpu_percent = w.others_cpu_percent();
    s.pause_on_battery = w.pause_on_battery();
    s.pause_on_metered = w.pause_on_metered();
    s.pause_on_full_screen = w.pause_on_full_screen();
    s.pause_on_film = w.pause_on_film();
    s.gpu_celsius_max = w.gpu_celsius_max();
    s.cpu_celsius_max = w.cpu_celsius_max();
    s.gpu_power_percent = w.gpu_power_percent();
    s.cpu_threads = w.cpu_threads();
    s.memory_bytes = w.memory_bytes();
    s.disk_bytes = w.disk_bytes();
    s.down_bytes_per_s = w.down_bytes_per_s();
    s.up_bytes_per_s = w.up_bytes_per_s();
    s.month_bytes = w.month_bytes();
    s.give_back = static_cast<Settings::GiveBack>(w.give_back());
    s.electricity_micros_per_kwh = w.electricity_micros_per_kwh();
    s.business_from_minute = w.business_from_minute();
    s.business_to_minute = w.business_to_minute();
    GLEANER_TRY(guest::check(s));
    return s;
}

}  // namespace gleaner
