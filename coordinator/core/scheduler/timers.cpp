/// Time in the scheduler: timers, and the sweep that looks again at demand that could not be met.

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

namespace {
constexpr Duration sweep_interval = std::chrono::seconds(2);
}

void Scheduler::State::set_timer(Time at, TimerKind kind, std::uint64_t subject,
                                 std::uint64_t part) {
    timers.insert({at, kind, subject, part});
}

void Scheduler::State::clear_timer(Time at, TimerKind kind, std::uint64_t subject,
                                   std::uint64_t part) {
    timers.erase({at, kind, subject, part});
}

void Scheduler::State::arm() {
    if (timers.empty()) return;
    const Time first = timers.begin()->at;
    if (armed && *armed <= first) return;
    armed = first;
    emit(Wake{first});
}

void Scheduler::State::on(const Tick&) {
    armed.reset();
    while (!timers.empty() && timers.begin()->at <= now) {
        const Timer timer = *timers.begin();
        timers.erase(timers.begin());
        fire(timer);
    }
}

void Scheduler::State::fire(const Timer& timer) {
    const auto node = [&]() -> Node& { return nodes[timer.subject]; };
    const auto slot = [&]() -> Slot& { return node().slots.at(static_cast<Index>(timer.part)); };
    switch (timer.kind) {
        case TimerKind::lease_deadline:
            if (const auto found = leases.find(LeaseId{timer.subject}); found != leases.end())
                on_lease_expired(found->second);
            return;
        case TimerKind::node_grace:
            on_grace_over(node());
            return;
        case TimerKind::node_settle:
            settle_node(node());
            return;
        case TimerKind::job_deadline:
            if (const auto found = jobs.find(timer.subject); found != jobs.end())
                end_job(found->second, {{}, true}, "the job's deadline has passed");
            return;
        case TimerKind::stream_give_up:
            if (const auto found = streams.find(StreamId{timer.subject}); found != streams.end())
                on_give_up(found->second);
            return;
        case TimerKind::stream_deadline:
            if (const auto found = streams.find(StreamId{timer.subject}); found != streams.end())
                on_overdue(found->second);
            return;
        case TimerKind::slot_idle:
            check_idle(node(), slot());
            return;
        case TimerKind::slot_load:
            on_load_overdue(node(), slot());
            return;
        case TimerKind::slot_backoff:
            reindex(node());
            feed(node(), slot());
            serve_waiting(node(), slot());
            consider_node(node());
            return;
        case TimerKind::retry_anywhere:
            if (const auto found = jobs.find(timer.subject); found != jobs.end())
                push(*found->second.queue);
            return;
        case TimerKind::outage_end:
            if (outage_until && *outage_until <= now) end_outage();
            return;
        case TimerKind::sweep:
            sweep();
            return;
    }
}

void Scheduler::State::need_sweep() {
    if (sweeping || demanded.empty()) return;
    sweeping = true;
    set_timer(now + sweep_interval, TimerKind::sweep);
}

void Scheduler::State::sweep() {
    sweeping = false;
    const std::vector<Index> indices(demanded.begin(), demanded.end());
    for (const Index index : indices) {
        auto& queue = queues[index];
        refuse_hopeless(queue);
        if (queue.pending > 0) push(queue);
        consider_loads(queue);
        relieve(queue);
    }
    need_sweep();
}

}  // namespace gleaner::core
