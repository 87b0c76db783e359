/// What becomes of a lease: results, returns, expiry. A result that comes after its lease ended is
/// ignored, since its item may be with another node already: nothing is ever paid twice.

#include <algorithm>
#include <cmath>

#include "coordinator/core/scheduler/state.h"
#include "shared/util/check.h"

namespace gleaner::core {

namespace {

constexpr double prompt_token_weight = 0.125;  // reading is cheaper than writing
constexpr double item_tokens_max = 1e6;
constexpr std::uint32_t pipeline = 2;

/// Failures that say nothing about the item and cannot be helped by the node trying again soon.
bool node_cannot(FailureCause cause) {
    return cause == FailureCause::artefact_corrupt || cause == FailureCause::artefact_unavailable ||
           cause == FailureCause::disk_full || cause == FailureCause::sandbox_unsafe ||
           cause == FailureCause::unsupported;
}

/// Failures that one of the items may have caused.
bool item_may_be_at_fault(FailureCause cause) {
    return cause == FailureCause::engine_crashed || cause == FailureCause::out_of_memory ||
           cause == FailureCause::timed_out || cause == FailureCause::implausible;
}

/// Of work: 1 to a million.
std::uint64_t tokens_of(const ItemFinished& event) {
    const double tokens = event.generated_tokens + prompt_token_weight * event.prompt_tokens;
    return static_cast<std::uint64_t>(std::clamp(std::round(tokens), 1.0, item_tokens_max));
}

}  // namespace

void Scheduler::State::on(const ItemFinished& event) {
    const auto found = leases.find(event.lease);
    if (found == leases.end() || event.index >= found->second.entries.size() ||
        found->second.entries[event.index].done) {
        if (!held_results.contains({event.lease, event.index}))
            emit(DiscardResult{event.lease, event.index, LossCause::repeated});
        return;
    }
    auto& lease = found->second;
    if (lease.node->id != event.node) return;  // not its lease
    auto& node = *lease.node;
    auto& slot = *lease.slot;
    auto* queue = lease.job == nullptr ? nullptr : lease.job->queue;
    observe(lease, event);
    const auto entry = lease.entries[event.index];
    const bool refused = is_refused(event.verdict);
    // What failed took its time, too; how long is not known.
    const bool counted = event.failure == FailureCause::none && !refused;
    release(lease, event.index, counted ? tokens_of(event) : lease.tokens_each);
    slot.used_at = now;
    if (entry.canary)
        canary_finished(lease, event.index, event);
    else if (event.failure != FailureCause::none)
        fail(lease, event.index, event.failure, event.detail);
    else if (refused)
        fail(lease, event.index, FailureCause::implausible, event.detail);
    else
        accept(lease, event.index, event);
    end_lease_if_done(lease);
    if (queue != nullptr && queue->pending > 0 && (refused || event.failure != FailureCause::none))
        push(*queue);
    const Pool peers{.reservation = node.reservation};
    spread_over = models[slot.model].hungry.of(peers).size() + (slot.hungry ? 0 : 1);
    feed(node, slot);
    if (slot.outstanding == 0 && slot.hungry && !demanded.empty()) consider_node(node);
}

/// What a refused result counts is not believed either: its time is work that gave nothing.
void Scheduler::State::observe(Lease& lease, const ItemFinished& event) {
    if (event.failure != FailureCause::none || is_refused(event.verdict)) return;
    const auto tokens = static_cast<double>(tokens_of(event));
    auto& slot = *lease.slot;
    auto& speed = lease.standing->speed;
    speed.observe(tokens, now - slot.progress);
    slot.progress = now;
    auto& model = models[slot.model];
    if (speed.observed()) model.tokens_per_s += (speed.tokens_per_s() - model.tokens_per_s) * 0.02;
    if (lease.job != nullptr && !lease.entries[event.index].canary)
        lease.job->tokens_per_item += (tokens - lease.job->tokens_per_item) * 0.1;
}

/// The node answers for this entry no more.
/// `used_tokens`: so much of its customer's share it took after all.
void Scheduler::State::release(Lease& lease, std::uint32_t index, std::uint64_t used_tokens) {
    auto& entry = lease.entries[index];
    GLEANER_CHECK(!entry.done, "an entry of a lease is released once");
    entry.done = true;
    --lease.open;
    auto& slot = *lease.slot;
    --slot.outstanding;
    slot.work -= lease.tokens_each;
    if (entry.canary) return;
    if (entry.suspect) --slot.suspects;
    --lease.job->lent;
    if (lease.job->items_at_once) perhaps_exhausted.insert(lease.job->sequence);
    --lent_items;
    lease.job->queue->items.correct(lease.customer->index, lease.customer->weight,
                                    lease.tokens_each, used_tokens);
    const auto state = lease.job->states.find(entry.item);
    if (state == lease.job->states.end()) return;
    std::erase_if(state->second.live, [&](const ItemState::Live& live) {
        return live.lease == lease.id && live.index == index;
    });
}

void Scheduler::State::end_lease_if_done(Lease& lease) {
    if (lease.open > 0) return;
    if (lease.ended_unseen)
        emit(RevokeLease{lease.node->id, lease.id, "nothing of it is wanted any more",
                         LossCause::repeated});
    clear_timer(lease.deadline, TimerKind::lease_deadline, lease.id.get());
    lease.node->leases.erase(lease.id);
    if (lease.job != nullptr) lease.job->leases.erase(lease.id);
    leases.erase(lease.id);
}

void Scheduler::State::return_entry(Lease& lease, std::uint32_t index) {
    const auto entry = lease.entries[index];
    release(lease, index, 0);
    if (!entry.canary && lease.job != nullptr) place(*lease.job, entry.item);
}

/// Ends the lease; its unfinished items wait for another node, as if never lent.
void Scheduler::State::return_lease(Lease& lease) {
    for (std::uint32_t index = 0; index < lease.entries.size(); ++index)
        if (!lease.entries[index].done) return_entry(lease, index);
    end_lease_if_done(lease);
}

void Scheduler::State::return_all(Node& node) {
    const std::vector<LeaseId> live(node.leases.begin(), node.leases.end());
    std::set<Index> touched;
    for (const LeaseId id : live) {
        auto& lease = leases.at(id);
        if (lease.job != nullptr) touched.insert(lease.job->queue->index);
        revoke(lease, "its node is gone", LossCause::connection);
    }
    for (const Index index : touched) push(queues[index]);
}

/// Ends the lease by our own decision: the runtime is told even when the node cannot be.
void Scheduler::State::revoke(Lease& lease, const std::string& reason, LossCause loss) {
    emit(RevokeLease{lease.node->id, lease.id, reason, loss});
    lease.ended_unseen = false;
    return_lease(lease);
}

void Scheduler::State::on(const LeaseReturned& event) {
    const auto found = leases.find(event.lease);
    if (found == leases.end()) return;
    auto& lease = found->second;
    if (lease.node->id != event.node) return;
    auto& node = *lease.node;
    auto& slot = *lease.slot;
    auto* queue = lease.job == nullptr ? nullptr : lease.job->queue;
    std::vector<std::uint32_t> unfinished = event.unfinished;
    std::ranges::sort(unfinished);
    // A node works through a lease in order: only the first ones can have been in the engine.
    std::uint32_t in_engine = item_may_be_at_fault(event.cause) ? slot.slots + pipeline : 0;
    for (const std::uint32_t index : unfinished) {
        if (index >= lease.entries.size() || lease.entries[index].done) continue;
        if (in_engine > 0 && !lease.entries[index].canary) {
            --in_engine;
            release(lease, index, lease.tokens_each);
            fail(lease, index, event.cause, event.detail);
        } else {
            return_entry(lease, index);
        }
    }
    return_lease(lease);  // what it did not name is lost: its results would have come before this
    if (node_cannot(event.cause))
        back_off(node, slot, std::chrono::seconds(10));
    else if (item_may_be_at_fault(event.cause))
        back_off(node, slot, std::chrono::seconds(1));
    else
        slot.backoff_until = std::max(slot.backoff_until, now + std::chrono::seconds(1));
    set_timer(slot.backoff_until, TimerKind::slot_backoff, node.index, slot.model);
    if (queue != nullptr) push(*queue);
    feed(node, slot);
}

void Scheduler::State::on_lease_expired(Lease& lease) {
    if (lease.job != nullptr && lease.job->deadline <= now) {
        end_job(*lease.job, {{}, true}, "the job's deadline has passed");
        return;
    }
    auto& node = *lease.node;
    auto& slot = *lease.slot;
    if (!node.connected && outage_until && *outage_until > now) {
        lease.deadline = *outage_until;  // its node is probably about to come back
        set_timer(lease.deadline, TimerKind::lease_deadline, lease.id.get());
        return;
    }
    auto* queue = lease.job == nullptr ? nullptr : lease.job->queue;
    emit(RevokeLease{node.id, lease.id, "the lease's deadline has passed",
                     node.connected ? LossCause::engine : LossCause::connection});
    lease.ended_unseen = false;
    if (node.connected) {
        lease.standing->speed.observe(0, now - slot.progress);
        slot.progress = now;
        std::uint32_t in_engine = slot.slots + pipeline;
        bool finished_some = false;
        for (const auto& entry : lease.entries) finished_some = finished_some || entry.done;
        for (std::uint32_t index = 0; index < lease.entries.size() && in_engine > 0; ++index) {
            if (lease.entries[index].done || lease.entries[index].canary) continue;
            --in_engine;
            release(lease, index, lease.tokens_each);
            fail(lease, index, FailureCause::timed_out, "not finished by the lease's deadline");
        }
        if (!finished_some) back_off(node, slot, std::chrono::seconds(5));
    }
    return_lease(lease);
    if (queue != nullptr) push(*queue);
    feed(node, slot);
}

}  // namespace gleaner::core
