/// The idle policy: a table of facts and what follows, then how it behaves in time.

#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "tests/unit/client-core/core/guest/guest_rig.h"

using namespace gleaner;
using namespace gleaner::guest;
using namespace gleaner::guest::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

struct Row {
    const char* when;
    std::function<void(Rig&)> change;
    Verdict verdict;  ///< of cuda0
    Reason reason;
    bool release;
    const char* named = "";  ///< in both sentences
};

}  // namespace

TEST_CASE("facts and what follows from them") {
    const Row rows[] = {
        {"nobody is here", [](Rig&) {}, Verdict::run, Reason::none, false},
        {"input a moment ago", [](Rig& r) { r.input(); }, Verdict::pause, Reason::in_use, false,
         "10"},
        {"input, and memory is scarce",
         [](Rig& r) {
             r.input();
             r.facts.memory_available_bytes = gib;
         },
         Verdict::pause, Reason::in_use, true},
        {"input, and the card is nearly full",
         [](Rig& r) {
             r.input();
             r.facts.devices[0].memory_free_bytes = gib / 2;
         },
         Verdict::pause, Reason::in_use, true},
        {"input, throttle is enough",
         [](Rig& r) {
             r.input();
             r.settings.when_in_use = Settings::InUse::throttle;
         },
         Verdict::throttle, Reason::in_use, false},
        {"input does not matter",
         [](Rig& r) {
             r.input();
             r.settings.when_in_use = Settings::InUse::run;
         },
         Verdict::run, Reason::none, false},
        {"input cannot be told", [](Rig& r) { r.facts.last_input.reset(); }, Verdict::pause,
         Reason::unknown_use, false},
        {"input cannot be told, on a server",
         [](Rig& r) {
             r.facts.last_input.reset();
             r.facts.desktop = false;
         },
         Verdict::run, Reason::none, false},
        {"input cannot be told, but the seat is free",
         [](Rig& r) {
             r.facts.last_input.reset();
             r.facts.seat = Seat::free;
         },
         Verdict::run, Reason::none, false},
        {"the seat is taken", [](Rig& r) { r.facts.seat = Seat::taken; }, Verdict::pause,
         Reason::seat_taken, true},
        {"the seat is taken, whatever the settings",
         [](Rig& r) {
             r.facts.seat = Seat::taken;
             r.settings.when_in_use = Settings::InUse::run;
         },
         Verdict::pause, Reason::seat_taken, true},
        {"a game of the presets",
         [](Rig& r) {
             r.facts.programs = {"bash", "dota2"};
         },
         Verdict::pause, Reason::game, true, "dota2"},
        {"a game of Windows", [](Rig& r) { r.facts.programs = {"LeagueClient.exe"}; },
         Verdict::pause, Reason::game, true, "LeagueClient.exe"},
        {"a game of the owner's list",
         [](Rig& r) {
             r.settings.games = {"MyGame.exe"};
             r.facts.programs = {"mygame"};
         },
         Verdict::pause, Reason::game, true, "mygame"},
        {"a game, and no list is used",
         [](Rig& r) {
             r.settings.use_game_presets = false;
             r.facts.programs = {"dota2"};
         },
         Verdict::run, Reason::none, false},
        {"a full screen", [](Rig& r) { r.facts.full_screen = "vlc"; }, Verdict::pause,
         Reason::full_screen, true, "vlc"},
        {"a full screen behind a lock",
         [](Rig& r) {
             r.facts.full_screen = "screensaver";
             r.facts.locked = true;
         },
         Verdict::run, Reason::none, false},
        {"a film in a window", [](Rig& r) { r.facts.film = "firefox"; }, Verdict::pause,
         Reason::film, false, "firefox"},
        {"others compute", [](Rig& r) { r.facts.others_cpu_percent = 60; }, Verdict::pause,
         Reason::others_cpu, false, "60"},
        {"on battery", [](Rig& r) { r.facts.on_battery = true; }, Verdict::pause,
         Reason::on_battery, true},
        {"a metered network", [](Rig& r) { r.facts.metered = true; }, Verdict::pause,
         Reason::metered, true},
        {"the month's traffic is used up",
         [](Rig& r) {
             r.settings.month_bytes = 5'000'000'000;
             r.facts.month_bytes = 5'000'000'000;
         },
         Verdict::pause, Reason::traffic_cap, true, "5"},
        {"not in the chosen hours",
         [](Rig& r) { r.settings.hours = hours_from_text({"daily 22-8"}).value(); }, Verdict::pause,
         Reason::schedule, true},
        {"no hour is chosen", [](Rig& r) { r.settings.hours.reset(); }, Verdict::pause,
         Reason::schedule, true},
        {"business hours without a word of the billing software",
         [](Rig& r) {
             r.settings.business_from_minute = 9 * 60;
             r.settings.business_to_minute = 2 * 60;
         },
         Verdict::pause, Reason::business_hours, true},
        {"business hours, and the seat is free",
         [](Rig& r) {
             r.settings.business_from_minute = 9 * 60;
             r.settings.business_to_minute = 2 * 60;
             r.facts.seat = Seat::free;
         },
         Verdict::run, Reason::none, false},
        {"another program computes on the card",
         [](Rig& r) {
             r.facts.devices[0].others_percent = 35;
             r.facts.devices[0].others = {"blender"};
         },
         Verdict::pause, Reason::others_gpu, true, "blender"},
        {"the card is hot", [](Rig& r) { r.facts.devices[0].celsius = 90; }, Verdict::pause,
         Reason::too_hot, false, "90"},
        {"the card is lost", [](Rig& r) { r.facts.devices[0].lost = true; }, Verdict::pause,
         Reason::device_lost, true, "cuda0"},
        {"the system goes down",
         [](Rig& r) {
             r.facts.shutting_down = true;
             r.settings.give_back = Settings::GiveBack::suspend;
         },
         Verdict::pause, Reason::shutting_down, true},
        {"released, as the owner wants it",
         [](Rig& r) {
             r.input();
             r.settings.give_back = Settings::GiveBack::release;
         },
         Verdict::pause, Reason::in_use, true},
        {"kept, as the owner wants it",
         [](Rig& r) {
             r.facts.programs = {"dota2"};
             r.settings.give_back = Settings::GiveBack::suspend;
         },
         Verdict::pause, Reason::game, false},
        {"slow work beside somebody, but on battery",
         [](Rig& r) {
             r.input();
             r.settings.when_in_use = Settings::InUse::throttle;
             r.facts.on_battery = true;
         },
         Verdict::pause, Reason::on_battery, true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.when);
        Rig rig;
        row.change(rig);
        const DeviceDecision& got = rig.at("cuda0");
        CHECK(got.verdict == row.verdict);
        CHECK(got.reason == row.reason);
        CHECK(got.release == row.release);
        CHECK(got.why.en.empty() == (row.reason == Reason::none));
        CHECK(got.why.zh.empty() == (row.reason == Reason::none));
        CHECK(got.why.en.find(row.named) != std::string::npos);
        CHECK(got.why.zh.find(row.named) != std::string::npos);
    }
}

TEST_CASE("one card can be paused while another works") {
    Rig rig;
    rig.facts.devices[0].others_percent = 90;
    rig.decide();
    CHECK(rig.decision.devices.at("cuda0").verdict == Verdict::pause);
    CHECK(rig.decision.devices.at("cuda1").verdict == Verdict::run);
    CHECK(rig.decision.devices.at("cpu").verdict == Verdict::run);
    CHECK(rig.decision.whole == Reason::none);
}

TEST_CASE(
    "work comes back when the idle minutes have passed since the last input, and not before") {
    Rig rig;
    rig.input();
    rig.decide();
    REQUIRE(rig.decision.look_again.has_value());
    CHECK(*rig.decision.look_again == rig.now + minutes(10));
    rig.advance(minutes(9));
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    rig.input();  // flapping starts the wait anew
    rig.advance(minutes(9));
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    rig.advance(minutes(1));
    CHECK(rig.at("cuda0").verdict == Verdict::run);
}

TEST_CASE("a locked screen and a free seat shorten the wait to a minute") {
    for (const bool seat : {false, true}) {
        Rig rig;
        rig.input();
        if (seat) rig.facts.seat = Seat::free;
        if (!seat) rig.facts.locked = true;
        CHECK(rig.at("cuda0").verdict == Verdict::pause);
        rig.advance(minutes(1));
        CHECK(rig.at("cuda0").verdict == Verdict::run);
    }
}

TEST_CASE("a short pause keeps the model in memory, a long one frees it") {
    Rig rig;
    rig.settings.idle_minutes = 60;
    rig.input();
    CHECK_FALSE(rig.at("cuda0").release);
    rig.advance(minutes(9));
    CHECK_FALSE(rig.at("cuda0").release);
    rig.advance(minutes(1));
    CHECK(rig.at("cuda0").release);
}

TEST_CASE("a card is given back at its first other use, and taken up after a quiet minute") {
    Rig rig;
    DeviceFacts& card = rig.facts.devices[0];
    card.others_percent = 60;
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    for (int i = 0; i < 20; ++i) {  // a game's loading screen: now busy, now not
        card.others_percent = i % 2 == 0 ? 0 : 30;
        rig.advance(20s);
        CHECK(rig.at("cuda0").verdict == Verdict::pause);
    }
    card.others_percent = 7;  // less than what begins a pause, but not quiet
    rig.advance(2min);
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    card.others_percent = 2;
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    REQUIRE(rig.decision.look_again.has_value());
    rig.now = *rig.decision.look_again;
    CHECK(rig.at("cuda0").verdict == Verdict::run);
}

TEST_CASE("where nobody tells how busy others are, memory that they take lately tells") {
    Rig rig;
    DeviceFacts& card = rig.facts.devices[0];
    card.others_percent.reset();
    CHECK(rig.at("cuda0").verdict == Verdict::run);  // the desktop's
    card.others_memory_bytes = 3 * gib;
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    rig.advance(minutes(29));
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    rig.advance(minutes(3));  // a program that only holds memory does not pause for ever
    rig.decide();
    CHECK(rig.at("cuda0").verdict == Verdict::run);
    card.others_memory_bytes = 5 * gib;
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    card.others_memory_bytes = gib / 4;
    rig.advance(minutes(2));
    CHECK(rig.at("cuda0").verdict == Verdict::run);
}

TEST_CASE("a hot card cools down by some degrees before it works again") {
    Rig rig;
    rig.facts.devices[0].celsius = 84;
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    CHECK(rig.at("cuda1").verdict == Verdict::run);
    rig.facts.devices[0].celsius = 78;
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    rig.facts.devices[0].celsius = 75;
    CHECK(rig.at("cuda0").verdict == Verdict::run);
}

TEST_CASE("the person's pause ends when they said, or when they say so") {
    Rig rig;
    rig.policy.pause(rig.now + hours(1));
    CHECK(rig.at("cuda0").reason == Reason::paused_by_person);
    CHECK(rig.decision.ends == rig.now + hours(1));
    rig.advance(hours(1));
    CHECK(rig.at("cuda0").verdict == Verdict::run);

    rig.policy.pause(std::nullopt);
    rig.advance(hours(1'000));
    CHECK(rig.at("cuda0").reason == Reason::paused_by_person);
    rig.input();  // the click
    rig.policy.resume(rig.now);
    CHECK(rig.at("cuda0").verdict == Verdict::run);
    rig.advance(1min);
    rig.input();
    CHECK(rig.at("cuda0").reason == Reason::in_use);
}

TEST_CASE("until tomorrow is until the next morning") {
    Rig rig;  // Monday 12:00
    rig.policy.pause_until_tomorrow(rig.moment());
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    CHECK(rig.decision.ends == rig.start + hours(18));
    rig.now = rig.start + hours(17);  // 05:00
    rig.policy.pause_until_tomorrow(rig.moment());
    rig.decide();
    CHECK(rig.decision.ends == rig.start + hours(18));
}

TEST_CASE("a pause does not end in the middle of a game or film") {
    Rig rig;
    rig.settings.pause_on_full_screen = false;
    rig.settings.pause_on_film = false;
    for (const auto& change : {+[](Facts& f) { f.full_screen = "some game"; },
                               +[](Facts& f) { f.film = "some film"; }}) {
        rig.policy.pause(rig.now + minutes(60));
        const Facts before = rig.facts;
        change(rig.facts);
        rig.advance(minutes(90));
        CHECK(rig.at("cuda0").reason == Reason::snoozed_for_program);
        CHECK(rig.at("cuda0").why.en.find("some ") != std::string::npos);
        rig.facts = before;
        CHECK(rig.at("cuda0").verdict == Verdict::run);
    }
}

TEST_CASE("a device that fails again and again rests longer each time, others work on") {
    Rig rig;
    std::vector<Duration> rests;
    for (int round = 0; round < 12; ++round) {
        int tries = 0;
        while (rig.at("cuda0").verdict == Verdict::run && tries < 10) {
            ++tries;
            rig.policy.device_failed("cuda0", "out of memory", rig.now);
            rig.advance(1min);
        }
        CHECK(tries == 3);
        CHECK(rig.at("cuda0").reason == Reason::device_failed);
        CHECK(rig.at("cuda0").why.en.find("out of memory") != std::string::npos);
        CHECK(rig.at("cuda1").verdict == Verdict::run);
        REQUIRE(rig.decision.look_again.has_value());
        rests.push_back(*rig.decision.look_again - rig.now);
        rig.now = *rig.decision.look_again;
    }
    CHECK(rests.front() <= minutes(10));
    CHECK(rests[1] > rests[0]);
    CHECK(rests.back() <= hours(24));
    CHECK(rests.back() > hours(23));
    for (int i = 0; i < 3; ++i) rig.policy.device_failed("cuda0", "again", rig.now);
    CHECK(rig.at("cuda0").verdict == Verdict::pause);
    rig.policy.clear_failure("cuda0");
    CHECK(rig.at("cuda0").verdict == Verdict::run);
}

TEST_CASE("failures over a long time are not a series") {
    Rig rig;
    for (int i = 0; i < 10; ++i) {
        rig.policy.device_failed("cuda0", "crash", rig.now);
        rig.advance(minutes(40));
        CHECK(rig.at("cuda0").verdict == Verdict::run);
    }
}

TEST_CASE("the schedule tells when it ends, also over the end of the week") {
    Rig rig;
    rig.settings.hours = hours_from_text({"mon 0-6"}).value();
    rig.decide();
    CHECK(rig.decision.whole == Reason::schedule);
    REQUIRE(rig.decision.ends.has_value());
    CHECK(*rig.decision.ends - rig.now == hours(7 * 24 - 12));
    rig.now = *rig.decision.ends;
    CHECK(rig.at("cuda0").verdict == Verdict::run);
    CHECK(*rig.decision.look_again - rig.now == hours(6));
}
