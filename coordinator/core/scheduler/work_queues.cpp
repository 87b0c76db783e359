/// Who is next. Among customers the one that was served least for its weight goes first (see
/// fair_share.h), so that a job of a million items never starves one of ten; within a customer the
/// oldest jobs go first.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

namespace {
constexpr Duration prefer_elsewhere_for = std::chrono::seconds(10);
constexpr int fruitless_nodes_max = 16;
}  // namespace

void Scheduler::State::add_pending(Job& job, std::uint64_t count) {
    if (count == 0) return;
    if (job.held) {
        job.pending += count;
        return;
    }
    auto& queue = *job.queue;
    if (job.pending == 0) {
        auto& waiting = queue.jobs[job.customer->index];
        if (waiting.empty()) queue.items.activate(job.customer->index);
        waiting.emplace(job.sequence, &job);
    }
    job.pending += count;
    queue.pending += count;
    pending_items += count;
    demanded.insert(queue.index);
    need_sweep();
}

void Scheduler::State::remove_pending(Job& job, std::uint64_t count) {
    if (count == 0) return;
    if (job.held) {
        job.pending -= count;
        return;
    }
    auto& queue = *job.queue;
    job.pending -= count;
    queue.pending -= count;
    pending_items -= count;
    if (job.pending == 0) {
        const auto waiting = queue.jobs.find(job.customer->index);
        waiting->second.erase(job.sequence);
        if (waiting->second.empty()) {
            queue.jobs.erase(waiting);
            queue.items.deactivate(job.customer->index);
        }
    }
    if (!queue.demanded()) {
        demanded.erase(queue.index);
        queue.starved_since.reset();
    }
}

void Scheduler::State::on(const CustomerWeighed& event) {
    customer_of(event.customer).weight = std::clamp(event.weight, 1U, FairShare::weight_max);
}

/// Puts an item where it waits for its next node, if it wants one.
void Scheduler::State::place(Job& job, std::uint32_t item) {
    const auto found = job.states.find(item);
    if (found == job.states.end()) {
        job.fresh.insert(item);
        add_pending(job, 1);
        return;
    }
    auto& state = found->second;
    unplace(job, item, state);
    if (state.live.size() + state.results.size() >= state.wanted) return;
    RetryKey key;
    if (job.replicas > 1) {
        for (const auto& live : state.live) key.owners.push_back(live.owner);
        for (const auto& result : state.results) key.owners.push_back(result.owner);
    }
    for (const auto& failure : state.failures) key.sites.push_back(failure.site);
    for (auto* list : {&key.owners, &key.sites}) {
        std::ranges::sort(*list);
        list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    key.suspect = state.crashes > 0;
    auto& bucket = job.retries[key];
    if (bucket.items.empty() && !key.sites.empty()) {
        // When every node that could try it is at those sites there is nothing to wait for.
        const bool elsewhere = models[job.model].ready_per_site.size() > key.sites.size();
        bucket.anywhere_at = elsewhere ? now + prefer_elsewhere_for : now;
        if (elsewhere) set_timer(bucket.anywhere_at, TimerKind::retry_anywhere, job.sequence);
    }
    bucket.items.insert(item);
    state.queued = std::move(key);
    add_pending(job, 1);
}

void Scheduler::State::unplace(Job& job, std::uint32_t item, ItemState& state) {
    if (!state.queued) return;
    const auto bucket = job.retries.find(*state.queued);
    bucket->second.items.erase(item);
    if (bucket->second.items.empty()) job.retries.erase(bucket);
    state.queued.reset();
    remove_pending(job, 1);
}

/// Offers pending work to nodes that had found nothing.
void Scheduler::State::push(WorkQueue& queue) {
    if (queue.pending == 0 || stalled) return;
    auto& model = models[queue.key.model];
    const auto& hungry = model.hungry.of(queue.key);
    int fruitless = 0;
    Index next = 0;
    std::size_t not_yet_asked = hungry.size();
    while (queue.pending > 0 && fruitless < fruitless_nodes_max) {
        const auto found = hungry.lower_bound(next);
        if (found == hungry.end()) return;
        auto& node = nodes[*found];
        next = *found + 1;
        spread_over = not_yet_asked;
        if (not_yet_asked > 1) --not_yet_asked;
        fruitless = feed(node, node.slots.at(queue.key.model)) ? 0 : fruitless + 1;
    }
}

}  // namespace gleaner::core
