/// Settings: the stricter counts, hours as text, words for people.

#include "client-core/core/guest/settings.h"

#include <algorithm>
#include <ostream>

#include <doctest/doctest.h>

#include "shared/util/random.h"

using namespace gleaner;
using namespace gleaner::guest;

TEST_CASE("hours are written and read, days with the same hours together") {
    const auto grid = hours_from_text({"mon-fri 0-8,22-24", "sat-sun 0-24"});
    REQUIRE(grid.has_value());
    CHECK(hours_to_text(grid.value()) ==
          std::vector<std::string>{"mon-fri 0-8,22-24", "sat-sun 0-24"});
    CHECK(grid.value()[7]);
    CHECK_FALSE(grid.value()[8]);
    const auto night = hours_from_text({"daily 22-8"}).value();
    CHECK(night[0]);  // Monday's first hours belong to Sunday night
    CHECK(night[6 * 24 + 23]);
    CHECK_FALSE(night[12]);
    CHECK(hours_to_text(night) == std::vector<std::string>{"mon-sun 0-8,22-24"});
    CHECK(hours_from_text({}).value().none());
    Random random(7);
    for (int i = 0; i < 200; ++i) {
        WeekGrid any;
        for (std::size_t hour = 0; hour < any.size(); ++hour) any[hour] = random.below(2) == 0;
        CHECK(hours_from_text(hours_to_text(any)).value() == any);
    }
    for (const char* bad : {"", "mon", "mon 8", "moon 1-2", "fri-mon 1-2", "mon 1-25", "mon 3-3",
                            "mon 1-2,", "mon 1-x", "mon -3-4", "daily"}) {
        CAPTURE(bad);
        CHECK(hours_from_text({bad}).has_error());
    }
}

TEST_CASE("of a site's settings and a machine's the stricter of each counts, and is named") {
    Settings site;
    site.idle_minutes = 30;
    site.disk_bytes = 50'000'000'000;
    site.hours = hours_from_text({"daily 0-8"}).value();
    site.games = {"ourgame"};
    Settings local;
    local.idle_minutes = 60;
    local.pause_on_film = false;
    local.games = {"mygame"};
    const Settings both = strictest(site, local);
    CHECK(both.idle_minutes == 60);
    CHECK(both.disk_bytes == 50'000'000'000);
    CHECK(both.pause_on_film);
    CHECK(both.games == std::vector<std::string>{"mygame", "ourgame"});
    CHECK(both == strictest(local, site));
    CHECK(both == strictest(both, site));
    CHECK(both == strictest(both, local));
    CHECK(stricter_fields(site, local) ==
          std::vector<std::string>{"hours", "games", "pause_on_film", "disk_bytes"});
}

TEST_CASE("business hours of both are covered by what counts") {
    Random random(3);
    for (int i = 0; i < 2'000; ++i) {
        Settings a;
        Settings b;
        for (Settings* s : {&a, &b}) {
            s->business_from_minute = static_cast<std::uint32_t>(random.below(1440));
            s->business_to_minute = static_cast<std::uint32_t>(random.below(1440));
        }
        const Settings both = strictest(a, b);
        CHECK(both == strictest(b, a));
        std::uint32_t missed = 0;
        for (std::uint32_t minute = 0; minute < 1440; ++minute)
            if ((in_business(a, minute) || in_business(b, minute)) && !in_business(both, minute))
                ++missed;
        CHECK(missed <= 1);  // hours all round the clock cannot be written
    }
}

TEST_CASE("settings out of range are refused with the field's name") {
    const auto message = [](auto change) {
        Settings settings;
        change(settings);
        const Status checked = check(settings);
        return checked.has_error() ? checked.error().message() : std::string();
    };
    CHECK(message([](Settings&) {}).empty());
    CHECK(message([](Settings& s) { s.idle_minutes = 241; }).find("idle_minutes") == 0);
    CHECK(message([](Settings& s) { s.gpu_celsius_max = 200; }).find("gpu_celsius_max") == 0);
    CHECK(message([](Settings& s) { s.business_to_minute = 1440; }).find("business_to") == 0);
    CHECK(message([](Settings& s) { s.games = {"C:\\games\\x.exe"}; }).find("games") == 0);
    CHECK(message([](Settings& s) { s.games = {""}; }).find("games") == 0);
    CHECK(message([](Settings& s) { s.memory_bytes = 2ull << 50; }).find("memory_bytes") == 0);
}

TEST_CASE("suggestions can be used as they are, and say what they mean in both languages") {
    for (const auto kind : {MachineKind::cafe, MachineKind::home, MachineKind::server}) {
        const Settings settings = suggested(kind);
        CHECK(check(settings).has_value());
        const Sentence words = describe(settings);
        CHECK(words.en.find(std::to_string(settings.idle_minutes)) != std::string::npos);
        CHECK(words.zh.find(std::to_string(settings.idle_minutes)) != std::string::npos);
    }
}

TEST_CASE("each setting that differs is told in the sentence") {
    const Sentence usual = describe({});
    const auto told = [&usual](auto change) {
        Settings settings;
        change(settings);
        const Sentence words = describe(settings);
        return words.en != usual.en && words.zh != usual.zh;
    };
    CHECK(told([](Settings& s) { s.idle_minutes = 3; }));
    CHECK(told([](Settings& s) { s.hours = hours_from_text({"mon-fri 0-8"}).value(); }));
    CHECK(told([](Settings& s) { s.hours.reset(); }));
    CHECK(told([](Settings& s) { s.when_in_use = Settings::InUse::run; }));
    CHECK(told([](Settings& s) { s.when_in_use = Settings::InUse::throttle; }));
    CHECK(told([](Settings& s) { s.business_to_minute = 600; }));
    CHECK(told([](Settings& s) { s.pause_on_film = false; }));
    CHECK(told([](Settings& s) { s.pause_on_full_screen = false; }));
    CHECK(told([](Settings& s) { s.pause_on_battery = false; }));
    CHECK(told([](Settings& s) { s.gpu_power_percent = 60; }));
    CHECK(told([](Settings& s) { s.month_bytes = 1ull << 34; }));
    CHECK(describe({}).en.find("  ") == std::string::npos);
}

TEST_CASE("games are known by name, in any case, with or without .exe, cut as Linux cuts it") {
    const Settings settings;
    for (const char* game : {"dota2", "DOTA2.EXE", "YuanShen.exe", "TslGame.exe",
                             "League of Legends.exe", "VALORANT-Win64-"}) {
        CAPTURE(game);
        CHECK(is_game(game, settings));
    }
    for (const char* other : {"", "bash", "llama-server", "chrome.exe", "code", ".exe"}) {
        CAPTURE(other);
        CHECK_FALSE(is_game(other, settings));
    }
    CHECK(std::is_sorted(game_presets().begin(), game_presets().end()));
}
