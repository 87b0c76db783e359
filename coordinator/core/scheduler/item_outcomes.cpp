/// Judges results: settles items, counts attempts, compares replicas, and finds out whose fault a
/// failure was. A failure is the node's only when another node manages the item, and the item's
/// when it fails at several sites: so poison never lowers a standing.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"
#include "coordinator/core/verifier/similarity.h"

namespace gleaner::core {

namespace {

constexpr Duration one_incident = std::chrono::seconds(5);
constexpr Duration save_now = Duration{0};
constexpr Duration save_sometimes = std::chrono::seconds(60);
constexpr double replica_weight = 0.5;  // agreement says less than a known answer

bool counts_as_attempt(FailureCause cause) {
    return cause == FailureCause::engine_crashed || cause == FailureCause::out_of_memory ||
           cause == FailureCause::timed_out || cause == FailureCause::implausible ||
           cause == FailureCause::artefact_unavailable || cause == FailureCause::request_rejected;
}

/// An input that cannot be read is the platform's: it counts, but blames nobody.
bool may_be_the_nodes(FailureCause cause) {
    return cause != FailureCause::artefact_unavailable;
}

bool same_site(const std::vector<ItemState::Failure>& failures) {
    return std::ranges::all_of(
        failures, [&](const auto& failure) { return failure.site == failures.front().site; });
}

}  // namespace

std::uint32_t Scheduler::State::attempts_limit(const Job& job) const {
    return std::max(options.attempts_max, 1U) + job.replicas - 1;
}

/// How many owners could ever give a result to work of this queue.
std::size_t Scheduler::State::owners_for(const WorkQueue& queue) const {
    if (queue.key.reservation != nowhere) return 1;  // nobody promises more than one
    switch (queue.key.privacy) {
        case PrivacyClass::any:
            return owners_seen.size();
        case PrivacyClass::certified:
            return certified_owners_seen.size();
        case PrivacyClass::own:
            return 1;
    }
    return 0;
}

void Scheduler::State::canary_finished(Lease& lease, std::uint32_t index,
                                       const ItemFinished& event) {
    emit(DiscardResult{lease.id, index, LossCause::verification});
    // To refuse what can be answered is to miss it. Other failures: no answer, no judgement.
    const bool rejected = event.failure == FailureCause::request_rejected;
    if (event.failure != FailureCause::none && !rejected) return;
    if (rejected || is_refused(event.verdict)) {
        check_failed(*lease.node, *lease.slot, *lease.standing);
        return;
    }
    if (event.verdict != Verdict::verified) return;
    lease.standing->check_passed();
    lease.standing->dirty = true;
    save_standing(*lease.standing, std::chrono::seconds(5));
    reindex_stream(*lease.node, *lease.slot);
}

void Scheduler::State::check_failed(Node& node, Slot& slot, KeptStanding& standing) {
    standing.check_failed();
    standing.blamed(now);
    standing.dirty = true;
    save_standing(standing, save_now);
    if (standing.distrusted()) fallen.emplace(node.index, slot.model);
    reindex_stream(node, slot);
}

/// Takes the customers' work away from nodes that lost their trust during this event.
void Scheduler::State::drop_distrusted() {
    while (!fallen.empty()) {
        const auto [index, model] = *fallen.begin();
        fallen.erase(fallen.begin());
        auto& node = nodes[index];
        auto& slot = node.slots.at(model);
        note("node " + node.id.get() + " lost its trust on model " + models[model].id.get() +
             ": its leases are taken back, it gets only checks");
        emit(WithholdEarnings{
            node.id, "its answers with model " + models[model].id.get() + " failed checks"});
        const std::vector<LeaseId> live(node.leases.begin(), node.leases.end());
        std::set<Index> touched;
        for (const LeaseId id : live) {
            auto& lease = leases.at(id);
            if (lease.slot != &slot) continue;
            if (lease.job != nullptr) touched.insert(lease.job->queue->index);
            revoke(lease, "the node's answers failed checks", LossCause::rejected);
        }
        slot.probe_at = std::max(slot.probe_at, now + std::chrono::seconds(30));
        set_timer(slot.probe_at, TimerKind::slot_backoff, node.index, slot.model);
        reindex(node);
        for (const Index queue : touched) push(queues[queue]);
    }
}

void Scheduler::State::accept(Lease& lease, std::uint32_t index, const ItemFinished& event) {
    auto& job = *lease.job;
    const std::uint32_t item = lease.entries[index].item;
    lease.standing->item_accepted();
    lease.standing->dirty = true;
    save_standing(*lease.standing, save_sometimes);
    lease.slot->failures = 0;
    const SettleItem::Produced produced{event.node, lease.id, index};
    if (job.replicas == 1) {
        SettleItem command;
        command.results.push_back(produced);
        command.verified = lease.standing->trusted();
        settle(job, item, std::move(command));
        return;
    }
    auto& state = job.states.at(item);
    ++state.attempts;
    state.results.push_back(
        {produced, lease.node->owner, lease.standing, lease.node, lease.slot, event.answer});
    held_results.emplace(lease.id, index);
    weigh_replicas(job, item);
}

void Scheduler::State::weigh_replicas(Job& job, std::uint32_t item) {
    auto& state = job.states.at(item);
    if (state.results.size() < state.wanted) {
        place(job, item);
        if (state.queued) push(*job.queue);
        return;
    }
    std::vector<std::size_t> agreeing;
    for (std::size_t i = 0; i < state.results.size(); ++i) {
        std::vector<std::size_t> with_i;
        for (std::size_t j = 0; j < state.results.size(); ++j)
            if (i == j || similar(state.results[i].answer, state.results[j].answer))
                with_i.push_back(j);
        if (with_i.size() > agreeing.size()) agreeing = std::move(with_i);
    }
    const std::size_t quorum = job.replicas / 2 + 1;
    if (agreeing.size() < quorum) {
        const bool nobody_left = state.results.size() >= owners_for(*job.queue);
        if (nobody_left || state.attempts >= attempts_limit(job)) {
            settle_failed(job, item, FailureCause::implausible,
                          "the answers of " + std::to_string(state.results.size()) +
                              " nodes disagree with each other");
            return;
        }
        ++state.wanted;
        place(job, item);
        push(*job.queue);
        return;
    }
    SettleItem command;
    command.verified = true;
    for (std::size_t i = 0; i < state.results.size(); ++i) {
        auto& result = state.results[i];
        if (std::ranges::find(agreeing, i) != agreeing.end()) {
            command.results.push_back(result.produced);
            result.standing->check_passed(replica_weight);
            result.standing->dirty = true;
            save_standing(*result.standing, std::chrono::seconds(5));
        } else {
            check_failed(*result.node, *result.slot, *result.standing);
        }
    }
    settle(job, item, std::move(command));
}

void Scheduler::State::fail(Lease& lease, std::uint32_t index, FailureCause cause,
                            const std::string& detail) {
    if (lease.job == nullptr) return;
    auto& job = *lease.job;
    const std::uint32_t item = lease.entries[index].item;
    const bool rejected = cause == FailureCause::request_rejected;
    if (rejected && rejection_stands(job, item, lease)) {
        settle_failed(job, item, cause, detail.empty() ? "the engine refused the request" : detail);
        return;
    }
    if (!counts_as_attempt(cause)) {
        place(job, item);
        const bool harmless = cause == FailureCause::reclaimed ||
                              cause == FailureCause::cancelled ||
                              cause == FailureCause::connection_lost || cause == FailureCause::none;
        back_off(*lease.node, *lease.slot, std::chrono::seconds(harmless ? 1 : 10));
        return;
    }
    const auto [found, made] = job.states.try_emplace(item);
    auto& state = found->second;
    if (made) state.wanted = job.replicas;
    ++state.attempts;
    state.cause = cause;
    state.detail = detail;
    if (may_be_the_nodes(cause)) {
        if (cause != FailureCause::implausible && !rejected) ++state.crashes;
        const std::uint64_t incident = incident_for(lease, cause);
        ++incidents.at(incident).open;
        state.failures.push_back({lease.node->index, lease.node->site, incident, rejected});
        if (!same_site(state.failures))
            for (const auto& failure : state.failures)
                incidents.at(failure.incident).excused = true;
    }
    if (state.attempts < attempts_limit(job)) {
        place(job, item);
        return;
    }
    const std::string what = detail.empty() ? std::string(to_string(cause)) : detail;
    settle_failed(job, item, cause,
                  "failed " + std::to_string(state.attempts) + " times, last: " + what);
}

/// Is it the customer's fault? A trusted node is believed, else another site must say so too: a
/// node that refuses everything would drain a job.
bool Scheduler::State::rejection_stands(const Job& job, std::uint32_t item,
                                        const Lease& lease) const {
    if (lease.standing->trusted()) return true;
    const auto state = job.states.find(item);
    return state != job.states.end() &&
           std::ranges::any_of(state->second.failures, [&](const ItemState::Failure& failure) {
               return failure.rejected && failure.site != lease.node->site;
           });
}

std::uint64_t Scheduler::State::incident_for(Lease& lease, FailureCause cause) {
    auto& slot = *lease.slot;
    // Each rejection is judged by its own item: one that is right excuses no other.
    if (cause == FailureCause::request_rejected) {
        incidents[next_incident] = {lease.node, &slot, lease.standing, true};
        return next_incident++;
    }
    const bool implausible = cause == FailureCause::implausible;
    const auto current = incidents.find(slot.incident);
    if (current != incidents.end() && now - slot.incident_at <= one_incident &&
        current->second.implausible == implausible && current->second.standing == lease.standing)
        return slot.incident;
    slot.incident = next_incident++;
    slot.incident_at = now;
    auto& incident = incidents[slot.incident];
    incident.node = lease.node;
    incident.slot = lease.slot;
    incident.standing = lease.standing;
    incident.implausible = implausible;
    return slot.incident;
}

/// One item of the incident has found its end. The last one tells whose fault it was.
void Scheduler::State::resolve(std::uint64_t id, bool managed) {
    const auto found = incidents.find(id);
    if (found == incidents.end()) return;
    auto& incident = found->second;
    incident.managed = incident.managed || managed;
    if (--incident.open > 0) return;
    const Incident ended = incident;
    incidents.erase(found);
    if (!ended.managed || ended.excused) return;
    if (ended.implausible) {
        check_failed(*ended.node, *ended.slot, *ended.standing);
        return;
    }
    ended.standing->blamed(now);
    ended.standing->dirty = true;
    save_standing(*ended.standing, save_now);
}

void Scheduler::State::settle_failed(Job& job, std::uint32_t item, FailureCause cause,
                                     const std::string& reason) {
    if (const auto state = job.states.find(item); state != job.states.end())
        for (const auto& failure : state->second.failures)
            incidents.at(failure.incident).excused = true;
    SettleItem command;
    command.cause = cause;
    command.reason = reason;
    settle(job, item, std::move(command));
}

void Scheduler::State::settle(Job& job, std::uint32_t item, SettleItem command) {
    command.job = job.id;
    command.item = item;
    job.settled[item] = true;
    ++job.settled_count;
    // It may have cost the most that an item can, until JobLimited says what it did cost.
    if (job.items_at_once && !command.results.empty() && *job.items_at_once > 0)
        --*job.items_at_once;
    Index done_by = nowhere;
    if (!command.results.empty()) done_by = find_node(command.results.front().node)->index;
    if (const auto state = job.states.find(item); state != job.states.end()) {
        const bool held = !state->second.results.empty();
        command.attempts = state->second.attempts + (held || command.results.empty() ? 0 : 1);
    }
    const auto kept = command.results;
    emit(std::move(command));
    if (job.states.contains(item)) forget_state(job, item, kept, done_by);
    drain_if_done(job);
}

void Scheduler::State::forget_state(Job& job, std::uint32_t item,
                                    const std::vector<SettleItem::Produced>& kept, Index done_by) {
    auto& state = job.states.at(item);
    unplace(job, item, state);
    const auto live = state.live;
    for (const auto& other : live) {
        auto& lease = leases.at(other.lease);
        lease.ended_unseen = true;
        release(lease, other.index, lease.tokens_each);  // its result will be ignored
        end_lease_if_done(lease);
    }
    for (const auto& result : state.results) {
        const auto& produced = result.produced;
        held_results.erase({produced.lease, produced.index});
        const bool used = std::ranges::any_of(kept, [&](const SettleItem::Produced& other) {
            return other.lease == produced.lease && other.index == produced.index;
        });
        if (!used) emit(DiscardResult{produced.lease, produced.index, LossCause::rejected});
    }
    const auto failures = std::move(state.failures);
    job.states.erase(item);
    for (const auto& failure : failures)
        resolve(failure.incident, done_by != nowhere && failure.node != done_by);
}

}  // namespace gleaner::core
