/// Settings as a file and as a message: nothing is lost on the way, and what is wrong is named.

#include "client-core/control/guest_settings.h"

#include <filesystem>
#include <fstream>
#include <ostream>
#include <stdlib.h>

#include <doctest/doctest.h>

#include "shared/proto/control.pb.h"

using namespace gleaner;
using guest::Settings;
namespace fs = std::filesystem;

namespace {

/// Each field differs from its default.
Settings unusual() {
    Settings s;
    s.hours = guest::hours_from_text({"mon-fri 0-8,22-24", "sun 5-6"}).value();
    s.business_from_minute = 540;
    s.business_to_minute = 90;
    s.idle_minutes = 7;
    s.when_in_use = Settings::InUse::throttle;
    s.games = {"my game.exe", "游戏"};
    s.use_game_presets = false;
    s.others_cpu_percent = 61;
    s.pause_on_battery = false;
    s.pause_on_metered = false;
    s.pause_on_full_screen = false;
    s.pause_on_film = false;
    s.gpu_celsius_max = 77;
    s.cpu_celsius_max = 78;
    s.gpu_power_percent = 55;
    s.cpu_threads = 3;
    s.memory_bytes = 5ull << 30;
    s.disk_bytes = 6ull << 30;
    s.down_bytes_per_s = 1'000'001;
    s.up_bytes_per_s = 2'000'002;
    s.month_bytes = 3'000'000'003;
    s.give_back = Settings::GiveBack::suspend;
    s.electricity_micros_per_kwh = 812'345;
    return s;
}

}  // namespace

TEST_CASE("settings survive the file and the message") {
    for (const Settings& settings :
         {Settings{}, unusual(), guest::suggested(guest::MachineKind::cafe)}) {
        const auto read = settings_from_toml(settings_to_toml(settings), "test");
        REQUIRE_MESSAGE(read.has_value(), read.error().message());
        CHECK(read.value() == settings);
        const auto taken = from_wishes(to_wishes(settings));
        REQUIRE(taken.has_value());
        CHECK(taken.value() == settings);
    }
    Settings none;
    none.hours.reset();
    CHECK(settings_from_toml(settings_to_toml(none), "test").value() == none);
}

TEST_CASE("a file changes what it names and nothing else") {
    Settings expected = unusual();
    expected.idle_minutes = 3;
    const auto changed = settings_from_toml("idle_minutes = 3\n", "test", unusual());
    REQUIRE(changed.has_value());
    CHECK(changed.value() == expected);
}

TEST_CASE("what is wrong in a file is named with its place") {
    const auto why = [](const char* toml) {
        const auto read = settings_from_toml(toml, "settings.toml");
        return read.has_error() ? read.error().message() : std::string("taken");
    };
    CHECK(why("idle_minutes = 500").find("settings.toml:1: idle_minutes") == 0);
    CHECK(why("\nidle_minuts = 5").find("idle_minutes") != std::string::npos);
    CHECK(why("hours = [\"moon 1-2\"]").find("mon-fri") != std::string::npos);
    CHECK(why("games = [\"C:\\\\x\\\\y.exe\"]").find("file name") != std::string::npos);
    CHECK(why("give_back = \"perhaps\"").find("give_back") != std::string::npos);
    CHECK(why("idle_minutes = \"a").find("settings.toml:1") == 0);
}

TEST_CASE("a message with hours of another size or words of a newer version is refused") {
    control::Wishes wishes = to_wishes({});
    wishes.set_hours("short");
    CHECK(from_wishes(wishes).has_error());
    wishes = to_wishes({});
    wishes.set_when_in_use(static_cast<control::Wishes::InUse>(9));
    CHECK(from_wishes(wishes).has_error());
    wishes = to_wishes({});
    wishes.set_idle_minutes(1'000);
    CHECK(from_wishes(wishes).has_error());
}

TEST_CASE("saving replaces the file whole, and loading tells a missing one from a damaged one") {
    std::string pattern = (fs::temp_directory_path() / "settings-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    const fs::path file = fs::path(pattern) / "settings.toml";
    CHECK(load_settings(file).error().code() == ErrorCode::not_found);
    REQUIRE(save_settings(file, unusual()).has_value());
    CHECK(load_settings(file).value() == unusual());
    { std::ofstream(file) << "\xff\xfe"; }
    CHECK(load_settings(file).error().code() == ErrorCode::data_corrupt);
    CHECK(save_settings(fs::path(pattern) / "none" / "settings.toml", unusual()).has_error());
    fs::remove_all(pattern);
}
