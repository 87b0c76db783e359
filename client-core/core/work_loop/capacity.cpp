/// How much work the node is willing to hold.

#include <algorithm>

#include "client-core/core/work_loop/state.h"

namespace gleaner::work {

SendCapacity WorkLoop::State::capacity() const {
    SendCapacity capacity;
    capacity.paused_reason = closed_because();
    capacity.paused = shutting_down || reclaimed || paused || draining;
    capacity.paused_devices = prospects.paused_devices;
    capacity.idle_forecast = prospects.idle_forecast;
    std::size_t ready = 0;
    for (const auto& [name, model] : models) ready += model.ready ? 1 : 0;
    for (const auto& [name, model] : models) {
        if (!model.ready) continue;
        const double share = static_cast<double>(options.body_bytes_max / ready);
        const double by_memory = share / std::max(256.0, mean_body_bytes);
        const std::uint64_t by_slots = std::uint64_t{model.slots} * options.window_items_per_slot;
        const std::uint64_t items = std::min({by_slots, std::uint64_t{options.window_items_max},
                                              static_cast<std::uint64_t>(by_memory)});
        const std::uint64_t least = model.slots + options.pipeline;
        capacity.windows.push_back(
            {name, static_cast<std::uint32_t>(std::max(items, least)), model.slots});
    }
    return capacity;
}

/// Windows follow the mean size of requests, which drifts: only a change by a quarter is news.
void WorkLoop::State::announce_capacity() {
    if (!connected || shut_down) return;
    SendCapacity current = capacity();
    if (announced) {
        const auto close = [](const SendCapacity::Window& a, const SendCapacity::Window& b) {
            const auto [low, high] = std::minmax(a.items, b.items);
            return a.model == b.model && a.streams == b.streams && high - low <= low / 4;
        };
        const bool same = current.paused == announced->paused &&
                          current.paused_reason == announced->paused_reason &&
                          current.paused_devices == announced->paused_devices &&
                          current.idle_forecast == announced->idle_forecast &&
                          std::equal(current.windows.begin(), current.windows.end(),
                                     announced->windows.begin(), announced->windows.end(), close);
        if (same) return;
    }
    announced = current;
    out.push_back(std::move(current));
}

}  // namespace gleaner::work
