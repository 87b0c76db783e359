/// Jobs that wait for cheaper hours, and jobs of which only so many items may be under way, so that
/// a maximum price holds whatever they turn out to cost.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

std::uint32_t Job::under_way() const {
    if (replicas == 1) return lent;
    return static_cast<std::uint32_t>(std::ranges::count_if(states, [](const auto& entry) {
        return !entry.second.live.empty() || !entry.second.results.empty();
    }));
}

std::uint32_t Job::may_begin() const {
    if (!items_at_once) return items;
    const std::uint32_t begun = under_way();
    return *items_at_once > begun ? *items_at_once - begun : 0;
}

void Scheduler::State::on(const JobHeld& event) {
    const auto found = job_names.find(event.job);
    if (found == job_names.end()) return;
    auto& job = jobs.at(found->second);
    if (job.held) return;
    const auto waiting = job.pending;
    remove_pending(job, waiting);
    job.held = true;
    add_pending(job, waiting);
}

void Scheduler::State::on(const JobReleased& event) {
    const auto found = job_names.find(event.job);
    if (found == job_names.end()) return;
    auto& job = jobs.at(found->second);
    if (!job.held) return;
    const auto waiting = job.pending;
    remove_pending(job, waiting);
    job.held = false;
    add_pending(job, waiting);
    push(*job.queue);
    consider_loads(*job.queue);
}

void Scheduler::State::on(const JobLimited& event) {
    const auto found = job_names.find(event.job);
    if (found == job_names.end()) return;
    auto& job = jobs.at(found->second);
    const bool more = job.items_at_once && event.items_at_once > *job.items_at_once;
    job.items_at_once = event.items_at_once;
    perhaps_exhausted.insert(job.sequence);
    if (more) push(*job.queue);
}

/// What no money is left for will never be lent.
void Scheduler::State::end_exhausted() {
    while (!perhaps_exhausted.empty()) {
        const auto found = jobs.find(*perhaps_exhausted.begin());
        perhaps_exhausted.erase(perhaps_exhausted.begin());
        if (found == jobs.end()) continue;
        auto& job = found->second;
        if (job.pending == 0 || job.under_way() > 0 || job.may_begin() > 0) continue;
        JobDrained how;
        how.limit_reached = true;
        end_job(job, how, "the job's maximum price is reached");
    }
}

}  // namespace gleaner::core
