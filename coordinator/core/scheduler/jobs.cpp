#include <algorithm>

#include "coordinator/core/scheduler/state.h"
#include "shared/util/check.h"

namespace gleaner::core {

void Scheduler::State::on(const JobOpened& event) {
    if (job_names.contains(event.job)) return;  // told twice
    const std::uint64_t sequence = next_job++;
    auto& job = jobs[sequence];
    job_names.emplace(event.job, sequence);
    job.sequence = sequence;
    job.id = event.job;
    on(CustomerWeighed{event.customer, event.weight});
    job.customer = &customer_of(event.customer);
    job.queue = &queue_of(event.model, event.privacy, event.own_sites_of, event.reservation);
    job.model = job.queue->key.model;
    job.replicas = std::max(event.replicas, 1U);
    job.items = event.items;
    job.deadline = event.deadline;
    job.tokens_per_item = std::clamp(event.tokens_per_item, 1.0, 1e6);
    job.canaries = event.canaries;
    job.held = event.held;
    job.items_at_once = event.items_at_once;
    if (job.items_at_once) perhaps_exhausted.insert(sequence);
    job.settled.resize(event.items);
    std::uint32_t next = 0;
    for (const std::uint32_t item : event.settled) {
        if (item >= event.items || job.settled[item]) continue;
        job.settled[item] = true;
        ++job.settled_count;
        job.fresh.insert(next, item);
        next = item + 1;
    }
    job.fresh.insert(next, event.items);
    set_timer(job.deadline, TimerKind::job_deadline, sequence);
    add_pending(job, job.fresh.size());
    if (job.settled_count == job.items) {
        drain_if_done(job);
        return;
    }
    auto& queue = *job.queue;
    if (job.replicas > 1 && owners_for(queue) < job.replicas)
        note("job " + job.id.get() + " wants " + std::to_string(job.replicas) +
             " results an item from different owners, only " + std::to_string(owners_for(queue)) +
             " have nodes that may take it: it waits for more");
    if (job.deadline <= now) {
        end_job(job, {{}, true}, "the job's deadline had passed before it was opened");
        return;
    }
    push(queue);
    consider_loads(queue);
}

void Scheduler::State::on(const JobCancelled& event) {
    const auto found = job_names.find(event.job);
    if (found == job_names.end()) return;
    end_job(jobs.at(found->second), {}, "the job was cancelled");
}

/// Takes back everything that runs for the job and forgets it.
void Scheduler::State::end_job(Job& job, JobDrained how, const std::string& why) {
    const std::vector<LeaseId> live(job.leases.begin(), job.leases.end());
    std::vector<std::pair<Node*, Slot*>> freed;
    for (const LeaseId id : live) {
        auto& lease = leases.at(id);
        freed.emplace_back(lease.node, lease.slot);
        revoke(lease, why, LossCause::cancelled);
    }
    for (const auto& [item, state] : job.states) {
        for (const auto& result : state.results) {
            held_results.erase({result.produced.lease, result.produced.index});
            emit(DiscardResult{result.produced.lease, result.produced.index, LossCause::cancelled});
        }
        for (const auto& failure : state.failures) resolve(failure.incident, false);
    }
    job.states.clear();
    remove_pending(job, job.pending);
    how.job = job.id;
    emit(std::move(how));
    clear_timer(job.deadline, TimerKind::job_deadline, job.sequence);
    job_names.erase(job.id);
    jobs.erase(job.sequence);
    for (const auto& [node, slot] : freed) feed(*node, *slot);
}

void Scheduler::State::drain_if_done(Job& job) {
    if (job.settled_count < job.items) return;
    GLEANER_CHECK(job.pending == 0 && job.lent == 0, "a settled job has nothing pending or lent");
    // What is left of its leases are canaries: they may still end and be judged.
    for (const LeaseId id : job.leases) leases.at(id).job = nullptr;
    emit(JobDrained{job.id, false});
    clear_timer(job.deadline, TimerKind::job_deadline, job.sequence);
    job_names.erase(job.id);
    jobs.erase(job.sequence);
}

}  // namespace gleaner::core
