/// Policy: what pauses one device, and what becomes of its memory.

#include <algorithm>

#include "client-core/core/guest/policy.h"

namespace gleaner::guest {

namespace {

constexpr std::uint32_t busy_percent = 10;  ///< a desktop alone stays below
constexpr std::uint32_t quiet_percent = 5;
constexpr std::uint64_t grown_bytes = 256ull << 20;
constexpr Duration usual_after = std::chrono::minutes(30);
constexpr std::uint32_t cooled_degrees = 8;
constexpr std::uint64_t scarce_memory_bytes = 2ull << 30;
constexpr std::uint64_t scarce_device_bytes = 1ull << 30;

/// Pauses that mostly end soon.
bool is_short(Reason reason) {
    return reason == Reason::in_use || reason == Reason::unknown_use ||
           reason == Reason::others_cpu || reason == Reason::film || reason == Reason::too_hot;
}

}  // namespace

Policy::Found Policy::device(const DeviceFacts& facts, const Facts& all, const Settings& settings,
                             Time now) {
    DeviceState& state = devices_[facts.id];
    const bool processor = facts.id == "cpu";  // its other users are the whole machine's matter
    const bool used = !processor && used_by_others(facts, state, now);
    const auto celsius = processor && !facts.celsius ? all.cpu_celsius : facts.celsius;
    const std::uint32_t most = processor ? settings.cpu_celsius_max : settings.gpu_celsius_max;
    // A card that no longer tells its temperature is not held for it.
    state.hot = celsius && *celsius + (state.hot ? cooled_degrees : 0) > most;

    if (facts.lost) return {.reason = Reason::device_lost, .details = {.name = facts.id}};
    if (state.blocked_until && now < *state.blocked_until) {
        look_at(*state.blocked_until);
        return {.reason = Reason::device_failed,
                .details = {.name = state.failure, .left = *state.blocked_until - now}};
    }
    if (used)
        return {.reason = Reason::others_gpu,
                .details = {.name = facts.others.empty() ? "" : facts.others.front()}};
    if (state.hot) return {.reason = Reason::too_hot, .details = {.number = *celsius}};
    return {};
}

bool Policy::used_by_others(const DeviceFacts& facts, DeviceState& state, Time now) {
    bool busy = false;
    if (facts.others_percent) {
        busy = *facts.others_percent >= (state.others.on ? quiet_percent : busy_percent);
    } else if (facts.others_memory_bytes) {
        // Nobody tells how busy they are: memory that they took lately must do. What they hold for
        // long is what the desktop holds anyway.
        const std::uint64_t held = *facts.others_memory_bytes;
        if (!state.usual_memory || held < *state.usual_memory) state.usual_memory = held;
        const bool grown = held > *state.usual_memory + grown_bytes;
        if (!grown) state.usual_since = now;
        busy = grown && now < state.usual_since + usual_after;
        if (grown && !busy) state.usual_memory = held;
        if (busy) look_at(state.usual_since + usual_after);
    }
    if (busy) state.others = {true, now};
    if (now >= state.others.seen + quiet_after) state.others.on = busy;
    if (state.others.on && !busy) look_at(state.others.seen + quiet_after);
    return state.others.on;
}

bool Policy::releases(const DeviceFacts& device, const Facts& facts, const Found& found,
                      const Settings& settings, Time now) {
    const bool must = found.reason == Reason::shutting_down ||
                      found.reason == Reason::device_lost || found.reason == Reason::device_failed;
    if (must || settings.give_back == Settings::GiveBack::release) return true;
    if (settings.give_back == Settings::GiveBack::suspend) return false;
    if (!is_short(found.reason)) return true;
    const bool scarce =
        (facts.memory_available_bytes && *facts.memory_available_bytes < scarce_memory_bytes) ||
        (device.memory_free_bytes && *device.memory_free_bytes < scarce_device_bytes);
    const Time long_at = *devices_[device.id].paused_since + suspend_max;
    if (scarce || now >= long_at) return true;
    look_at(long_at);
    return false;
}

}  // namespace gleaner::guest
