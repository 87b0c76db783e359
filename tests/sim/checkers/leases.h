#pragma once
/// Leases go only to nodes that may have them, within their windows, and every lease ends in time.

#include <map>
#include <optional>
#include <string>

#include "coordinator/core/scheduler/commands.h"
#include "coordinator/core/scheduler/events.h"
#include "tests/sim/checkers/violations.h"

namespace gleaner::sim {

class LeaseChecker {
public:
    explicit LeaseChecker(Violations& violations) : violations_(violations) {}

    void joined(const NodeId& node) { nodes_[node] = {true, false, {}}; }
    void left(const NodeId& node) { nodes_[node].connected = false; }
    void capacity(const core::CapacityChanged& event) {
        auto& node = nodes_[event.node];
        node.paused = event.paused;
        node.windows.clear();
        for (const auto& window : event.windows) node.windows[window.model] = window.items;
    }
    void sent(const core::SendLease& lease, Time now, std::size_t held_before) {
        const auto& node = nodes_[lease.node];
        const std::string name = "lease " + std::to_string(lease.lease.get());
        if (store_stalled_) violations_.add(name + " sent while results cannot be saved");
        if (!node.connected) violations_.add(name + " sent to a node that is not connected");
        if (node.paused) violations_.add(name + " sent to a node whose owner wants it");
        const auto window = node.windows.find(lease.model);
        const std::uint32_t room = window == node.windows.end() ? 0 : window->second;
        if (held_before + lease.items.size() > room)
            violations_.add(name + " is beyond the node's window of " + std::to_string(room));
        if (lease.items.empty()) violations_.add(name + " is empty");
        if (lease.deadline <= Duration{0} || lease.deadline > std::chrono::hours(3))
            violations_.add(name + " has a senseless deadline");
        if (!must_end_[lease.lease].node.empty()) violations_.add(name + " exists already");
        must_end_[lease.lease] = {lease.node, now + lease.deadline};
    }
    void woke(Duration slept, Time now) {
        woke_at_ = now;
        for (auto& [id, lease] : must_end_) lease.by = lease.by + slept;
    }
    /// The coordinator takes it back because its time is over.
    void overdue(LeaseId lease, Time now) {
        if (woke_at_ && now < *woke_at_ + std::chrono::seconds(5))
            violations_.add("lease " + std::to_string(lease.get()) +
                            " is called overdue by a coordinator that has just woken up");
    }
    void store_stalled(bool stalled) { store_stalled_ = stalled; }
    [[nodiscard]] bool is_store_stalled() const { return store_stalled_; }
    void ended(LeaseId lease) { must_end_.erase(lease); }
    void all_ended() { must_end_.clear(); }  // the coordinator died with them

    /// `grace`: of lost nodes, the outage pause, and a tick.
    void check(Time now, Duration grace) {
        for (const auto& [id, lease] : must_end_)
            if (lease.by + grace < now)
                violations_.add("lease " + std::to_string(id.get()) + " of " + lease.node.get() +
                                " did not end by its deadline");
    }

private:
    struct NodeRecord {
        bool connected = false;
        bool paused = false;
        std::map<Sha256, std::uint32_t> windows;
    };
    struct LeaseRecord {
        NodeId node;
        Time by;
    };
    Violations& violations_;
    std::map<NodeId, NodeRecord> nodes_;
    std::map<LeaseId, LeaseRecord> must_end_;
    bool store_stalled_ = false;
    std::optional<Time> woke_at_;
};

}  // namespace gleaner::sim
