/// Promises of the policy over random histories: seeds are printed by doctest's CAPTURE.

#include <doctest/doctest.h>

#include "shared/util/random.h"
#include "tests/unit/client-core/core/guest/guest_rig.h"

using namespace gleaner;
using namespace gleaner::guest;
using namespace gleaner::guest::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

constexpr std::uint64_t seeds = 300;

Settings random_settings(Random& random) {
    Settings s;
    for (std::size_t hour = 0; hour < s.hours.size(); ++hour) s.hours[hour] = random.below(4) != 0;
    if (random.below(2) == 0) {
        s.business_from_minute = static_cast<std::uint32_t>(random.below(1440));
        s.business_to_minute = static_cast<std::uint32_t>(random.below(1440));
    }
    s.idle_minutes = 1 + static_cast<std::uint32_t>(random.below(60));
    s.when_in_use = static_cast<Settings::InUse>(random.below(3));
    s.use_game_presets = random.below(2) == 0;
    s.others_cpu_percent = static_cast<std::uint32_t>(random.below(101));
    s.pause_on_battery = random.below(2) == 0;
    s.pause_on_metered = random.below(2) == 0;
    s.pause_on_full_screen = random.below(2) == 0;
    s.pause_on_film = random.below(2) == 0;
    s.gpu_celsius_max = 60 + static_cast<std::uint32_t>(random.below(30));
    s.give_back = static_cast<Settings::GiveBack>(random.below(3));
    s.month_bytes = random.below(2) * 1'000'000'000;
    if (random.below(3) == 0) s.games = {"game" + std::to_string(random.below(3))};
    return s;
}

template <class T>
void perhaps_unset(std::optional<T>& fact, Random& random) {
    if (random.below(8) == 0) fact.reset();
}

/// One thing changes; of the last two kinds are the person's and the node's words.
void disturb(Rig& rig, Random& random, std::uint64_t kinds = 16) {
    Facts& f = rig.facts;
    const auto heads = [&] { return random.below(2) == 0; };
    switch (random.below(kinds)) {
        case 0:
            rig.input();
            break;
        case 1:
            f.full_screen = heads() ? "player" : "";
            break;
        case 2:
            f.film = heads() ? "cinema" : "";
            break;
        case 3:
            f.programs = {heads() ? "dota2" : "game1"};
            break;
        case 4:
            f.others_cpu_percent = static_cast<std::uint32_t>(random.below(101));
            break;
        case 5:
            f.on_battery = heads();
            break;
        case 6:
            f.metered = heads();
            break;
        case 7:
            f.seat = static_cast<Seat>(random.below(3));
            break;
        case 8:
            f.locked = heads();
            break;
        case 9:
            f.devices[0].others_percent = static_cast<std::uint32_t>(random.below(101));
            break;
        case 10:
            f.devices[0].others_memory_bytes = random.below(8) * gib;
            break;
        case 11:
            f.devices[1].celsius = static_cast<std::uint32_t>(30 + random.below(70));
            break;
        case 12:
            f.devices[1].lost = heads();
            break;
        case 13:
            perhaps_unset(f.last_input, random);
            perhaps_unset(f.devices[0].others_percent, random);
            f.month_bytes = random.below(2) * 2'000'000'000;
            break;
        case 14:
            rig.policy.device_failed("cuda0", "crash", rig.now);
            break;
        default:
            if (heads())
                rig.policy.pause(rig.now + minutes(random.below(200)));
            else
                rig.policy.pause_until_tomorrow(rig.moment());
            break;
    }
}

bool same(const Decision& a, const Decision& b) {
    if (a.whole != b.whole || a.devices.size() != b.devices.size()) return false;
    for (const auto& [id, device] : a.devices) {
        const DeviceDecision& other = b.devices.at(id);
        if (device.verdict != other.verdict || device.release != other.release ||
            device.reason != other.reason)
            return false;
    }
    return true;
}

}  // namespace

TEST_CASE("work always comes back: whatever has been, once all conditions hold it resumes") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Rig rig;
        rig.settings = random_settings(random);
        if (rig.settings.hours.none()) continue;
        for (int i = 0; i < 100; ++i) {
            disturb(rig, random);
            rig.decide();
            rig.advance(std::chrono::seconds(random.below(1'200)));
        }
        // Everybody leaves.
        const Time left_at = rig.now;
        rig.facts = Rig().facts;
        rig.facts.last_input = left_at;
        rig.facts.seat = Seat::free;
        rig.facts.others_cpu_percent = 0;
        // The longest of: a rest after failures, a pause until tomorrow, hours that are not chosen.
        const Time must = left_at + hours(24 * 9);
        bool all_run = false;
        while (!all_run && rig.now < must) {
            rig.decide();
            all_run = true;
            for (const auto& [id, device] : rig.decision.devices)
                all_run = all_run && device.verdict == Verdict::run;
            if (all_run) break;
            // What is paused says when to look again: nobody has to come and help.
            REQUIRE(rig.decision.look_again.has_value());
            REQUIRE(*rig.decision.look_again > rig.now);
            rig.now = *rig.decision.look_again;
        }
        CHECK(all_run);
    }
}

TEST_CASE("nothing changes before it is time to look again") {
    for (std::uint64_t seed = 1; seed <= seeds / 3; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Rig rig;
        rig.settings = random_settings(random);
        for (int i = 0; i < 40; ++i) {
            disturb(rig, random);
            const Decision first = rig.decide();
            const Time until = rig.now + minutes(1 + random.below(40));
            const Time end = first.look_again ? std::min(*first.look_again, until) : until;
            while (rig.now + 7s < end) {
                rig.advance(7s);
                const bool unchanged = same(first, rig.decide());
                CHECK(unchanged);
                if (!unchanged) return;
            }
            rig.now = end;
        }
    }
}

TEST_CASE("no pause that was asked for ends in a game or film") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Rig rig;
        rig.settings = random_settings(random);
        rig.settings.when_in_use = Settings::InUse::run;
        rig.policy.pause(rig.now + minutes(30));
        if (random.below(2) == 0)
            rig.facts.full_screen = "game";
        else
            rig.facts.film = "film";
        for (int i = 0; i < 60; ++i) {
            rig.advance(minutes(1 + random.below(5)));
            if (rig.at("cuda0").verdict != Verdict::pause) FAIL("it ended");
        }
    }
}

TEST_CASE("stricter settings never make it do more") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const Settings site = random_settings(random);
        Rig local;
        local.settings = random_settings(random);
        Rig both;
        both.settings = strictest(site, local.settings);
        REQUIRE(check(both.settings).has_value());
        for (int i = 0; i < 60; ++i) {
            disturb(local, random, 14);
            both.facts = local.facts;
            both.now = local.now;
            for (const char* device : {"cuda0", "cuda1", "cpu"})
                CHECK(static_cast<int>(both.at(device).verdict) >=
                      static_cast<int>(local.at(device).verdict));
            local.advance(std::chrono::seconds(random.below(600)));
        }
    }
}
