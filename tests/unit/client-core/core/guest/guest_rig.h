#pragma once
/// A policy in virtual time, with facts of a PC that nobody uses.

#include <chrono>

#include "client-core/core/guest/policy.h"

namespace gleaner::guest::test {

inline constexpr std::uint64_t gib = 1ull << 30;

/// Monday 12:00 at the start.
struct Rig {
    Rig() {
        facts.last_input = now - std::chrono::hours(3);
        facts.full_screen = "";
        facts.film = "";
        facts.others_cpu_percent = 3;
        facts.on_battery = false;
        facts.metered = false;
        facts.locked = false;
        facts.desktop = true;
        facts.cpu_celsius = 45;
        facts.memory_available_bytes = 8 * gib;
        facts.devices = {card("cuda0"), card("cuda1"), {}};
        facts.devices[2].id = "cpu";
    }

    static DeviceFacts card(const char* id) {
        DeviceFacts device;
        device.id = id;
        device.others_percent = 1;
        device.others_memory_bytes = gib / 4;
        device.memory_free_bytes = 6 * gib;
        device.memory_total_bytes = 8 * gib;
        device.celsius = 40;
        return device;
    }

    [[nodiscard]] Moment moment() const {
        const auto seconds = (now - start).count() / 1'000'000 + 12 * 3'600;
        return {now, static_cast<std::uint32_t>(seconds / 86'400 % 7),
                static_cast<std::uint32_t>(seconds % 86'400)};
    }
    const Decision& decide() { return decision = policy.decide(facts, settings, moment()); }
    const DeviceDecision& at(const char* id) { return decide().devices.at(id); }
    void advance(Duration by) { now = now + by; }
    void input() { facts.last_input = now; }

    const Time start{1'000'000'000'000};
    Time now = start;
    Facts facts;
    Settings settings;
    Policy policy;
    Decision decision;
};

}  // namespace gleaner::guest::test
