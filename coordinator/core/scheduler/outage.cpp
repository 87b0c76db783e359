/// When many nodes are lost at once the cause is rather here (a switch, a power line, this
/// coordinator's own network) than there: re-leasing everything would do all work twice. So it
/// pauses until the nodes are back, or for a while.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

void Scheduler::State::node_lost(Node& node) {
    node.lost_at = now;
    node.grace_until = now + options.reconnect_grace;
    if (!node.leases.empty()) set_timer(node.grace_until, TimerKind::node_grace, node.index);
    losses.emplace(now, node.index);
    while (!losses.empty() && losses.begin()->first < now - options.outage_window)
        losses.erase(losses.begin());
    if (outage_until) {
        if (lost_in_outage.insert(node.index).second) ++outage_size;
        return;
    }
    const auto lost = static_cast<double>(losses.size());
    const double before = static_cast<double>(connected) + lost;
    if (losses.size() < options.outage_nodes_min || lost < options.outage_share * before) return;
    outage_until = now + options.outage_pause;
    for (const auto& [at, index] : losses) lost_in_outage.insert(index);
    outage_size = lost_in_outage.size();
    set_timer(*outage_until, TimerKind::outage_end);
    note(std::to_string(outage_size) + " of " + std::to_string(static_cast<std::uint64_t>(before)) +
         " nodes lost at once: an outage is suspected, their leases wait");
}

void Scheduler::State::node_returned(Node& node) {
    losses.erase({node.lost_at, node.index});
    if (!outage_until) return;
    lost_in_outage.erase(node.index);
    if (lost_in_outage.size() * 2 <= outage_size) end_outage();
}

void Scheduler::State::end_outage() {
    note(std::to_string(outage_size - lost_in_outage.size()) + " of " +
         std::to_string(outage_size) + " nodes are back: leases of the others go to other nodes");
    outage_until.reset();
    losses.clear();
    const auto still_lost = std::move(lost_in_outage);
    lost_in_outage.clear();
    outage_size = 0;
    for (const Index index : still_lost) {
        auto& node = nodes[index];
        node.grace_until = std::max(now, node.lost_at + options.reconnect_grace);
        set_timer(node.grace_until, TimerKind::node_grace, index);
    }
}

}  // namespace gleaner::core
