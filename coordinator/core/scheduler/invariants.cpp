/// What must hold after every event, recomputed from scratch.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"
#include "shared/util/check.h"

namespace gleaner::core {

namespace {

constexpr std::uint32_t items_looked_at_max = 4'096;  // of a job: this runs after every event

/// What leases say, added up.
struct Sums {
    std::uint64_t lent_items = 0;
    std::map<std::pair<Index, Index>, std::uint32_t> outstanding;  // (node, model)
    std::map<std::pair<Index, Index>, std::uint64_t> work;
    std::map<std::uint64_t, std::uint32_t> lent;                          // job
    std::map<std::pair<std::uint64_t, std::uint32_t>, int> live_entries;  // (job, item)
};

void check_job(const Job& job) {
    std::uint64_t waiting = job.fresh.size();
    for (const auto& [key, bucket] : job.retries) {
        GLEANER_CHECK(!bucket.items.empty(), "an empty bucket is removed");
        waiting += bucket.items.size();
    }
    GLEANER_CHECK(waiting == job.pending, "pending counts fresh items and retries");
    if (job.items <= items_looked_at_max) {
        const auto settled = std::ranges::count(job.settled, true);
        GLEANER_CHECK(static_cast<std::uint32_t>(settled) == job.settled_count,
                      "settled is counted");
    }
    for (const auto& [item, state] : job.states) {
        GLEANER_CHECK(!job.settled[item], "a settled item has no state");
        GLEANER_CHECK(!job.fresh.contains(item), "an item with a state is not fresh");
        std::vector<Index> owners;
        for (const auto& live : state.live) owners.push_back(live.owner);
        for (const auto& result : state.results) owners.push_back(result.owner);
        if (job.replicas > 1) {
            std::ranges::sort(owners);
            GLEANER_CHECK(std::ranges::adjacent_find(owners) == owners.end(),
                          "an owner holds or gave at most one result of an item");
        }
        GLEANER_CHECK(owners.size() <= state.wanted, "no more results are asked than wanted");
        GLEANER_CHECK((owners.size() < state.wanted) == state.queued.has_value(),
                      "an item waits exactly when it wants another result");
        if (state.queued)
            GLEANER_CHECK(job.retries.at(*state.queued).items.contains(item), "it waits there");
    }
    for (const auto& [first, last] : job.fresh.intervals()) {
        GLEANER_CHECK(!job.settled[last - 1], "a settled item is not pending");
        const auto end = std::min(last, first + items_looked_at_max);
        for (std::uint32_t item = first; item < end; ++item)
            GLEANER_CHECK(!job.settled[item], "a settled item is not pending");
    }
}

void add_lease(const Lease& lease, Sums& sums) {
    GLEANER_CHECK(lease.open > 0, "a lease without open entries is over");
    GLEANER_CHECK(lease.node->leases.contains(lease.id), "a lease is its node's");
    std::uint32_t open = 0;
    for (const auto& entry : lease.entries) {
        if (entry.done) continue;
        ++open;
        if (entry.canary) continue;
        GLEANER_CHECK(lease.job != nullptr, "a lent item has a job");
        GLEANER_CHECK(!lease.job->settled[entry.item], "a lent item is not settled");
        ++sums.lent_items;
        ++sums.lent[lease.job->sequence];
        ++sums.live_entries[{lease.job->sequence, entry.item}];
    }
    GLEANER_CHECK(open == lease.open, "open entries are counted");
    const std::pair where(lease.node->index, lease.slot->model);
    sums.outstanding[where] += open;
    sums.work[where] += lease.tokens_each * open;
}

void check_items(const Job& job, const Sums& sums) {
    check_job(job);
    const auto lent = sums.lent.find(job.sequence);
    GLEANER_CHECK(job.lent == (lent == sums.lent.end() ? 0 : lent->second),
                  "a job's lent items are counted");
    if (job.replicas > 1) return;  // check_job looks at each of its items
    std::uint64_t at_work = 0;
    for (auto it = sums.live_entries.lower_bound({job.sequence, 0});
         it != sums.live_entries.end() && it->first.first == job.sequence; ++it) {
        GLEANER_CHECK(it->second == 1, "an item is in at most one live lease");
        ++at_work;
    }
    GLEANER_CHECK(job.settled_count + job.pending + at_work == job.items,
                  "every item is pending, lent or settled: none is lost");
}

void check_node(const Node& node, const Sums& sums) {
    GLEANER_CHECK(node.connected || node.streams.empty(), "a lost node runs no stream");
    std::size_t streams_of_slots = 0;
    for (const auto& [model, slot] : node.slots) {
        const std::pair where(node.index, model);
        const auto held = sums.outstanding.find(where);
        GLEANER_CHECK(slot.outstanding == (held == sums.outstanding.end() ? 0 : held->second),
                      "a slot's outstanding items are counted");
        const auto work = sums.work.find(where);
        GLEANER_CHECK(slot.work == (work == sums.work.end() ? 0 : work->second),
                      "a slot's work is counted");
        GLEANER_CHECK(!slot.counted || (node.able() && slot.phase == Slot::Phase::ready),
                      "only able nodes count as ready");
        streams_of_slots += slot.streams;
    }
    GLEANER_CHECK(streams_of_slots == node.streams.size(), "streams are in slots");
}

void check_reservation(const Reservation& reservation, const std::deque<Node>& nodes) {
    GLEANER_CHECK(reservation.open || reservation.nodes.empty(), "what is over has no machines");
    for (const Index index : reservation.nodes) {
        GLEANER_CHECK(nodes[index].reservation == reservation.index,
                      "a machine has one reservation");
        GLEANER_CHECK(nodes[index].able(), "a machine that cannot work is replaced");
    }
    const auto reserved = std::ranges::count(nodes, reservation.index, &Node::reservation);
    GLEANER_CHECK(static_cast<std::size_t>(reserved) == reservation.nodes.size(),
                  "a reservation knows its machines");
}

/// Whoever has something that waits has a place among those to be served.
void check_shares(const WorkQueue& queue) {
    GLEANER_CHECK(queue.items.waiting().size() == queue.jobs.size(), "who has items waits");
    for (const auto& [tag, customer] : queue.items.waiting())
        GLEANER_CHECK(queue.jobs.contains(customer), "who waits has items");
    GLEANER_CHECK(queue.answers.waiting().size() == queue.waiting_of.size(),
                  "who has streams waits");
    std::size_t streams = 0;
    for (const auto& [customer, theirs] : queue.waiting_of) streams += theirs.size();
    GLEANER_CHECK(streams == queue.waiting.size(), "a waiting stream is its customer's");
}

}  // namespace

void Scheduler::State::check() const {
    Sums sums;
    for (const auto& [id, lease] : leases) {
        add_lease(lease, sums);
        GLEANER_CHECK(timers.contains({lease.deadline, TimerKind::lease_deadline, id.get(), 0}),
                      "every lease has a timer that ends it");
    }
    GLEANER_CHECK(sums.lent_items == lent_items, "lent items are counted");
    std::uint64_t pending = 0;
    for (const auto& [sequence, job] : jobs) {
        check_items(job, sums);
        if (!job.held) pending += job.pending;
    }
    GLEANER_CHECK(pending == pending_items, "pending items are counted");
    std::uint64_t running = 0;
    for (const auto& node : nodes) {
        check_node(node, sums);
        running += node.streams.size();
    }
    GLEANER_CHECK(running == running_streams, "running streams are counted");
    for (const auto& reservation : reservations) check_reservation(reservation, nodes);
    std::uint64_t queued = 0;
    std::uint64_t waiting = 0;
    for (const auto& queue : queues) {
        queued += queue.pending;
        waiting += queue.waiting.size();
        check_shares(queue);
        GLEANER_CHECK(queue.demanded() == demanded.contains(queue.index), "demand is noted");
    }
    GLEANER_CHECK(queued == pending_items, "queues count what is pending");
    GLEANER_CHECK(waiting + running == streams.size(), "a stream runs or waits");
    GLEANER_CHECK(demanded.empty() || sweeping, "demand is looked at again");
    GLEANER_CHECK(timers.empty() || (armed && *armed <= timers.begin()->at), "a wake is asked for");
}

}  // namespace gleaner::core
