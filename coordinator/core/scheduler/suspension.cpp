/// When this process stood still (SIGSTOP, a paused virtual machine) the nodes went on, and what
/// they said waits to be heard: nobody was late but the coordinator. So what they were given time
/// for gets that time again, before anything is called overdue.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

namespace {
constexpr Duration suspended_from = std::chrono::seconds(5);  // a busy loop is not this late
constexpr Duration hear_them_out = std::chrono::seconds(30);  // some have to connect again
}  // namespace

/// First at each event: how far is it past the wake that was asked for, and past the last event?
void Scheduler::State::notice_suspension() {
    const Time due = armed ? std::max(*armed, last_event) : now;
    last_event = now;
    const Duration gap = now - due;
    if (gap < suspended_from) return;
    note("this coordinator stood still for " + std::to_string(gap.count() / 1'000'000) +
         " s: leases, streams and loads get that time again");
    const auto later = [&](Time at) { return std::max(at + gap, now + hear_them_out); };
    for (auto& [id, lease] : leases) {
        clear_timer(lease.deadline, TimerKind::lease_deadline, id.get());
        lease.deadline = later(lease.deadline);
        if (lease.job != nullptr) lease.deadline = std::min(lease.deadline, lease.job->deadline);
        set_timer(lease.deadline, TimerKind::lease_deadline, id.get());
    }
    for (auto& [id, stream] : streams) {
        if (stream.node == nullptr) continue;
        clear_timer(stream.deadline, TimerKind::stream_deadline, id.get());
        stream.deadline = later(stream.deadline);
        set_timer(stream.deadline, TimerKind::stream_deadline, id.get());
    }
    for (auto& node : nodes) {
        if (!node.connected && !node.leases.empty()) {
            node.grace_until = later(node.grace_until);
            set_timer(node.grace_until, TimerKind::node_grace, node.index);
        }
        for (auto& [model, slot] : node.slots) {
            if (slot.outstanding > 0) slot.progress = std::min(slot.progress + gap, now);
            if (slot.phase != Slot::Phase::loading && slot.phase != Slot::Phase::unloading)
                continue;
            slot.load_give_up = later(slot.load_give_up);
            set_timer(slot.load_give_up, TimerKind::slot_load, node.index, model);
        }
    }
    if (!outage_until) return;
    outage_until = later(*outage_until);
    set_timer(*outage_until, TimerKind::outage_end);
}

}  // namespace gleaner::core
