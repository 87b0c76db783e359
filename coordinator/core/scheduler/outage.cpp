/// When many nodes are lost at once the cause is rather here (a switch, a power line, this
/// coordinator's own network) than there: re-leasing everything would do all work twice. So it
/// pauses until the nodes are back, or for a while. When they are all of one site the cause is
/// there (a café's boot server takes all its PCs with it): one event, and no reason to pause.

#include <algorithm>
#include <utility>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

namespace {

constexpr double site_share = 0.8;  // of a site's nodes; the others happened to be elsewhere

}  // namespace

void Scheduler::State::forget_losses(std::set<std::pair<Time, Index>>::iterator end) {
    for (auto loss = losses.begin(); loss != end; ++loss) --sites[nodes[loss->second].site].lost;
    losses.erase(losses.begin(), end);
}

/// Apart from the site that lost most, as that may have a reason of its own.
bool Scheduler::State::lost_everywhere() const {
    const auto most = sites.find(worst_site);
    auto lost = static_cast<double>(losses.size());
    double before = static_cast<double>(connected) + lost;
    const double elsewhere = before - most->second.connected - most->second.lost;
    if (losses.size() < options.outage_nodes_min || lost < options.outage_share * before)
        return false;
    if (elsewhere == 0) return true;  // there is no other site to tell by
    lost -= most->second.lost;
    return lost >= options.outage_share * elsewhere;
}

void Scheduler::State::look_for_site_outage(const Node& node) {
    auto& site = sites[node.site];
    const double before = site.connected + site.lost;
    if (site.down || site.lost < options.outage_nodes_min || site.lost < site_share * before)
        return;
    site.down = true;
    ++site_outages;
    note(std::to_string(site.lost) + " of " + std::to_string(site.connected + site.lost) +
         " nodes of site " + name_of_site(node.site) +
         " lost at once: its boot server, switch or power may have failed");
}

std::string Scheduler::State::name_of_site(Index site) const {
    const auto found = std::ranges::find(site_names, site, [](const auto& e) { return e.second; });
    return found->first;
}

void Scheduler::State::node_lost(Node& node) {
    node.lost_at = now;
    node.grace_until = now + options.reconnect_grace;
    if (!node.leases.empty()) set_timer(node.grace_until, TimerKind::node_grace, node.index);
    losses.emplace(now, node.index);
    ++sites[node.site].lost;
    forget_losses(losses.lower_bound({now - options.outage_window, 0}));
    if (sites[node.site].lost > sites[worst_site].lost) worst_site = node.site;
    if (outage_until) {
        if (lost_in_outage.insert(node.index).second) ++outage_size;
        return;
    }
    if (!lost_everywhere()) return look_for_site_outage(node);
    outage_until = now + options.outage_pause;
    for (const auto& [at, index] : losses) lost_in_outage.insert(index);
    outage_size = lost_in_outage.size();
    set_timer(*outage_until, TimerKind::outage_end);
    note(std::to_string(outage_size) + " of " + std::to_string(connected + losses.size()) +
         " nodes lost at once: an outage is suspected, their leases wait");
}

void Scheduler::State::node_returned(Node& node) {
    auto& site = sites[node.site];
    if (losses.erase({node.lost_at, node.index}) > 0) --site.lost;
    if (std::exchange(site.down, false))
        note("nodes of site " + name_of_site(node.site) + " are coming back");
    if (!outage_until) return;
    lost_in_outage.erase(node.index);
    if (lost_in_outage.size() * 2 <= outage_size) end_outage();
}

void Scheduler::State::end_outage() {
    note(std::to_string(outage_size - lost_in_outage.size()) + " of " +
         std::to_string(outage_size) + " nodes are back: leases of the others go to other nodes");
    outage_until.reset();
    forget_losses(losses.end());
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
