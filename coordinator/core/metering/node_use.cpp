#include "coordinator/core/metering/node_use.h"

#include <algorithm>
#include <utility>

namespace gleaner::core {

namespace {

constexpr std::int64_t micros_of_second = 1'000'000;
/// All is taken once a minute. After a longer gap this process stood still, and offered nothing.
constexpr std::int64_t idle_gap_max = 300 * micros_of_second;

}  // namespace

void NodeUse::Lane::advance(Time now) {
    const std::int64_t passed = (now - since).count();
    if (passed <= 0) return;
    since = now;
    if (live.empty()) {
        if (offered) idle_micros += std::min(passed, idle_gap_max);
        return;
    }
    const std::size_t works = live.size() - loads;
    // Only one of several loads would gather, and all are lost to the same cause.
    const std::size_t running = works == 0 ? 1 : std::min<std::size_t>(works, slots);
    const auto count = static_cast<std::int64_t>(running);
    std::int64_t remainder = passed % count;
    auto piece = live.begin();
    for (std::size_t i = 0; i < running; ++i, ++piece) {
        piece->second += passed / count + (remainder > 0 ? 1 : 0);
        if (remainder > 0) --remainder;
    }
    if (works == 0) return;
    uncredited_micros += passed;
    microjoules += passed * watts;
}

NodeUse::Lane& NodeUse::lane(const std::string& device, Time now) {
    const auto [found, made] = lanes_.try_emplace(device);
    if (made) found->second.since = now;
    found->second.advance(now);
    return found->second;
}

void NodeUse::offer(std::span<const std::string> devices, Time now) {
    for (const auto& device : devices) (void)lane(device, now);
    for (auto& [device, each] : lanes_) {
        each.advance(now);
        each.offered = std::ranges::find(devices, device) != devices.end();
    }
}

void NodeUse::set_slots(const std::string& device, std::uint32_t slots, Time now) {
    lane(device, now).slots = std::max(slots, 1U);
}

void NodeUse::set_watts(const std::string& device, std::int64_t watts, Time now) {
    lane(device, now).watts = std::max<std::int64_t>(watts, 0);
}

void NodeUse::begin(const WorkKey& key, const std::string& device, Time now) {
    auto& on = lane(device, now);
    const bool made = on.live.try_emplace(key, 0).second;
    if (made && key.kind == WorkKey::Kind::load) ++on.loads;
}

WorkPart NodeUse::end(const WorkKey& key, Time now) {
    for (auto& [device, each] : lanes_) {
        const auto found = each.live.find(key);
        if (found == each.live.end()) continue;
        each.advance(now);
        const std::int64_t gathered = found->second;
        each.live.erase(found);
        if (key.kind == WorkKey::Kind::load) --each.loads;
        return {device, gathered};
    }
    return {};
}

void NodeUse::accept(const WorkPart& part, std::int64_t claimed_micros) {
    const auto found = lanes_.find(part.device);
    if (found == lanes_.end()) return;
    found->second.accepted_micros += part.micros;
    // One at a time may say too much, not without end: a claim is bounded by the lane's own time
    // when it is taken.
    found->second.claimed_micros += std::clamp<std::int64_t>(claimed_micros, 0, 86'400'000'000);
}

void NodeUse::lose(const WorkPart& part, LossCause cause) {
    counted_.lost(cause) += part.micros;
}

void NodeUse::divide(const WorkPart& part, std::int64_t claimed_micros, LossCause cause) {
    const std::int64_t useful = std::clamp<std::int64_t>(claimed_micros, 0, part.micros);
    counted_.useful_micros += useful;
    counted_.lost(cause) += part.micros - useful;
}

std::int64_t NodeUse::credit(const WorkPart& part, std::int64_t claimed_micros) {
    const auto found = lanes_.find(part.device);
    if (found == lanes_.end()) return 0;
    auto& left = found->second.uncredited_micros;
    const std::int64_t credited = std::clamp<std::int64_t>(claimed_micros, 0, left);
    left -= credited;
    return credited;
}

bool NodeUse::works(const std::string& device) const {
    const auto found = lanes_.find(device);
    return found != lanes_.end() && found->second.live.size() > found->second.loads;
}

DeviceUse NodeUse::take(Time now) {
    DeviceUse taken = std::exchange(counted_, {});
    for (auto& [device, each] : lanes_) {
        each.advance(now);
        const std::int64_t useful = std::min(each.accepted_micros, each.claimed_micros);
        taken.idle_micros += std::exchange(each.idle_micros, 0);
        taken.useful_micros += useful;
        taken.lost(LossCause::waiting) += each.accepted_micros - useful;
        each.accepted_micros = 0;
        each.claimed_micros = 0;
        taken.watt_seconds += each.microjoules / micros_of_second;
        each.microjoules %= micros_of_second;
    }
    return taken;
}

}  // namespace gleaner::core
