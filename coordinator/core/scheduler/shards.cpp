/// Sizes shards and lends them.

#include <algorithm>
#include <cmath>

#include "coordinator/core/scheduler/state.h"
#include "shared/util/check.h"

namespace gleaner::core {

namespace {

constexpr std::uint32_t pipeline = 2;    // lent beyond the engine's slots: no slot waits
constexpr std::size_t jobs_at_once = 4;  // of one customer in one queue
constexpr int fruitless_jobs_max = 32;   // per attempt to find work for a node
constexpr int buckets_looked_at_max = 64;
constexpr Duration probe_interval = std::chrono::seconds(30);
constexpr Duration lease_slack = std::chrono::seconds(30);
constexpr double lease_factor = 4;
constexpr double lease_seconds_max = 7'200;
constexpr std::uint32_t patience_doublings_max = 4;

double seconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace

bool Scheduler::State::wants_work(const Slot& slot) const {
    if (slot.outstanding < slot.slots + pipeline) return true;
    if (!slot.standing->speed.observed()) return false;
    const double ahead = slot.standing->speed.tokens_per_s() * seconds(options.refill_below);
    if (static_cast<double>(slot.work) >= ahead) return false;
    // Few big shards rather than many small ones: wait until a quarter of the window is free.
    return credit(slot) >= std::max(1U, slot.window_items / 4);
}

/// Lends to the node what it should have, or notes that it is hungry. True when something was lent.
bool Scheduler::State::feed(Node& node, Slot& slot) {
    if (slot.retiring) retire_if_free(node, slot);
    const bool lent = slot.counted && !slot.retiring && slot.backoff_until <= now &&
                      credit(slot) > 0 && wants_work(slot) && lend(node, slot);
    reindex(node, slot);
    return lent;
}

bool Scheduler::State::lend(Node& node, Slot& slot) {
    if (stalled || slot.backoff_until > now) return false;
    if (slot.standing->distrusted()) return probe(node, slot);
    const std::uint32_t room = credit(slot);
    const auto sources = queues_for(node, slot.model);
    // The customers of up to three queues, merged: the least served first.
    std::vector<FairShare::Order::const_iterator> heads;
    std::uint64_t clock = 0;
    for (const auto* queue : sources) {
        heads.push_back(queue->items.waiting().begin());
        clock = std::max(clock, queue->items.virtual_time());
    }
    const auto served = [&](std::size_t i) {
        return std::pair(sources[i]->items.comparable(heads[i]->first, clock), heads[i]->first);
    };
    for (int tried = 0; tried < fruitless_jobs_max;) {
        std::size_t best = sources.size();
        for (std::size_t i = 0; i < sources.size(); ++i) {
            if (heads[i] == sources[i]->items.waiting().end()) continue;
            if (best == sources.size() || served(i) < served(best)) best = i;
        }
        if (best == sources.size()) return false;
        auto& waiting = sources[best]->jobs.at(heads[best]->second);
        std::vector<Job*> oldest;
        for (const auto& [sequence, job] : waiting) {
            oldest.push_back(job);
            if (oldest.size() == jobs_at_once) break;
        }
        std::ranges::stable_sort(oldest, {}, [](const Job* job) { return job->lent; });
        for (Job* job : oldest) {
            if (lend_from(*job, node, slot, room)) return true;
            ++tried;
        }
        ++heads[best];
    }
    return false;
}

bool Scheduler::State::lend_from(Job& job, Node& node, Slot& slot, std::uint32_t room) {
    room = std::min(room, fits_before_deadline(job, slot));
    if (room == 0) return false;
    std::uint32_t size = shard_size(job, slot, room);
    const std::uint32_t canaries = job.canaries ? std::min(canaries_for(slot, size), room) : 0;
    size = std::min(size, room - canaries);
    std::vector<Lease::Entry> entries;
    if (size > 0) {
        entries = take_items(job, node, slot, size);
        if (entries.empty()) return false;
    }
    hide_canaries(models[slot.model], canaries, entries);
    send_lease(job, node, slot, std::move(entries));
    return true;
}

/// So many entries, canaries included, the node would finish before the job's deadline.
std::uint32_t Scheduler::State::fits_before_deadline(const Job& job, const Slot& slot) const {
    const double each = std::max(job.tokens_per_item, 1.0);
    const double rate = slot.standing->speed.tokens_per_s();
    const double left_s = seconds(job.deadline - now);
    const double one_s = each * slot.slots / rate;  // a sequence gets its share of the device
    if (one_s > left_s) return 0;
    const double in_time = (rate * left_s - static_cast<double>(slot.work)) / each;
    return static_cast<std::uint32_t>(std::clamp(in_time, 0.0, 1e9));
}

/// Items for the node's next shard of this job, 1 to `room`.
std::uint32_t Scheduler::State::shard_size(const Job& job, const Slot& slot,
                                           std::uint32_t room) const {
    const auto& speed = slot.standing->speed;
    const double each = std::max(job.tokens_per_item, 1.0);
    const double rate = speed.tokens_per_s();
    double target = (rate * seconds(options.shard_target) - static_cast<double>(slot.work)) / each;
    // Before anything was observed only a taste is lent, whatever the node claims.
    if (!speed.observed()) target = 2.0 * slot.slots;
    const auto& queue = *job.queue;
    const auto& eligible = models[slot.model].ready.of(queue.key);
    // Customers share the nodes, so that each has its part of them to spread over.
    const std::size_t nodes_each =
        eligible.size() / std::max<std::size_t>(queue.items.waiting().size(), 1);
    const double nodes_n = static_cast<double>(std::max<std::size_t>(nodes_each, 1));
    const double pending = static_cast<double>(job.pending);
    // Guided self-scheduling; the tail is spread evenly over free engine slots. Where customers
    // compete a small job gets a whole engine's slots at once: others' work fills the rest.
    const std::uint32_t free = slot.slots > slot.outstanding ? slot.slots - slot.outstanding : 0;
    const double at_once = queue.items.waiting().size() > 1 ? slot.slots : free;
    const double even =
        std::ceil(pending / (spread_over > 0 ? static_cast<double>(spread_over) : nodes_n));
    const double guided = std::max(pending / (2 * nodes_n), std::min(at_once, even));
    const double size = std::min(
        {target, guided, static_cast<double>(room), static_cast<double>(options.shard_items_max)});
    return static_cast<std::uint32_t>(std::max(size, 1.0));
}

std::vector<Lease::Entry> Scheduler::State::take_items(Job& job, Node& node, Slot& slot,
                                                       std::uint32_t count) {
    std::vector<Lease::Entry> entries;
    entries.reserve(count);
    std::uint32_t may_begin = job.may_begin();
    if (!job.retries.empty()) take_retries(job, node, slot, count, may_begin, entries);
    // A suspect goes alone, so that it takes no other item down with it.
    if (!entries.empty() && entries.front().suspect) return entries;
    std::vector<std::uint32_t> fresh;
    job.fresh.take(std::min(count - static_cast<std::uint32_t>(entries.size()), may_begin), fresh);
    for (const std::uint32_t item : fresh) entries.push_back({item, false, false, false});
    remove_pending(job, fresh.size());
    return entries;
}

/// `may_begin`: so many more of the job's items; those of which another owner holds or gave a
/// result are under way already.
void Scheduler::State::take_retries(Job& job, Node& node, Slot& slot, std::uint32_t count,
                                    std::uint32_t& may_begin, std::vector<Lease::Entry>& out) {
    int looked_at = 0;
    for (auto it = job.retries.begin(); it != job.retries.end() && out.size() < count;) {
        if (++looked_at > buckets_looked_at_max) return;
        const auto& key = it->first;
        auto& bucket = it->second;
        const bool holds_a_result = std::ranges::binary_search(key.owners, node.owner);
        const bool failed_here =
            bucket.anywhere_at > now && std::ranges::binary_search(key.sites, node.site);
        const bool one_suspect_already = key.suspect && (slot.suspects > 0 || !out.empty());
        const bool begins = key.owners.empty();
        if (holds_a_result || failed_here || one_suspect_already || (begins && may_begin == 0)) {
            ++it;
            continue;
        }
        std::vector<std::uint32_t> items;
        const bool suspect = key.suspect;
        auto room = count - static_cast<std::uint32_t>(out.size());
        if (begins) room = std::min(room, may_begin);
        bucket.items.take(suspect ? 1 : room, items);
        it = bucket.items.empty() ? job.retries.erase(it) : std::next(it);
        for (const std::uint32_t item : items) {
            job.states.at(item).queued.reset();
            out.push_back({item, false, suspect, false});
        }
        remove_pending(job, items.size());
        if (begins) may_begin -= static_cast<std::uint32_t>(items.size());
        if (suspect) return;
    }
}

/// Known answers to go with so many items: more of them for those who are trusted less.
std::uint32_t Scheduler::State::canaries_for(const Slot& slot, std::uint32_t items) {
    if (models[slot.model].canaries == 0 || options.canary_share <= 0) return 0;
    const double wanted = slot.standing->canary_share(options.canary_share) * items;
    auto count = static_cast<std::uint32_t>(wanted);
    if (random.chance(wanted - count)) ++count;
    const bool stranger = !slot.standing->checked() && slot.outstanding == 0;
    return stranger ? std::max(count, 1U) : count;
}

void Scheduler::State::hide_canaries(const Model& model, std::uint32_t count,
                                     std::vector<Lease::Entry>& entries) {
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto at = static_cast<std::ptrdiff_t>(random.below(entries.size() + 1));
        const auto number = static_cast<std::uint32_t>(random.below(model.canaries));
        entries.insert(entries.begin() + at, {number, true, false, false});
    }
}

/// A distrusted node gets a single item now and then: a canary, or where none exist a real one.
bool Scheduler::State::probe(Node& node, Slot& slot) {
    if (slot.outstanding > 0 || slot.probe_at > now) return false;
    for (auto* queue : queues_for(node, slot.model)) {
        const auto& waiting = queue->items.waiting();
        if (waiting.empty()) continue;
        auto& job = *queue->jobs.at(waiting.begin()->second).begin()->second;
        if (fits_before_deadline(job, slot) == 0) continue;
        std::vector<Lease::Entry> entries;
        if (const auto known = models[slot.model].canaries; known > 0)
            entries.push_back(
                {static_cast<std::uint32_t>(random.below(known)), true, false, false});
        else
            entries = take_items(job, node, slot, 1);
        if (entries.empty()) continue;
        slot.probe_at = now + probe_interval;
        set_timer(slot.probe_at, TimerKind::slot_backoff, node.index, slot.model);
        send_lease(job, node, slot, std::move(entries));
        return true;
    }
    return false;
}

void Scheduler::State::send_lease(Job& job, Node& node, Slot& slot,
                                  std::vector<Lease::Entry> entries) {
    GLEANER_CHECK(job.queue->key.reservation == node.reservation, "work stays in its pool");
    const LeaseId id{next_lease++};
    auto& lease = leases[id];
    lease.id = id;
    lease.node = &node;
    lease.slot = &slot;
    lease.job = &job;
    lease.customer = job.customer;
    lease.standing = slot.standing;
    lease.tokens_each =
        static_cast<std::uint64_t>(std::max(std::llround(job.tokens_per_item), 1LL));
    lease.sent = now;
    lease.open = static_cast<std::uint32_t>(entries.size());

    SendLease command;
    command.items.reserve(entries.size());
    std::uint32_t items = 0;
    std::uint32_t patience = 0;
    for (std::uint32_t index = 0; index < entries.size(); ++index) {
        const auto& entry = entries[index];
        command.items.push_back({entry.item, entry.canary});
        if (entry.canary) continue;
        ++items;
        if (entry.suspect) ++slot.suspects;
        auto state = job.states.find(entry.item);
        if (job.replicas > 1 && state == job.states.end()) {
            state = job.states.try_emplace(entry.item).first;
            state->second.wanted = job.replicas;
        }
        if (state == job.states.end()) continue;
        patience = std::max(patience, state->second.attempts);
        state->second.live.push_back({id, index, node.owner});
        place(job, entry.item);
    }
    lease.entries = std::move(entries);
    if (slot.outstanding == 0) slot.progress = now;
    slot.outstanding += lease.open;
    slot.work += lease.tokens_each * lease.open;
    slot.used_at = now;
    job.lent += items;
    lent_items += items;
    if (items > 0)
        job.queue->items.charge(job.customer->index, job.customer->weight,
                                lease.tokens_each * items);

    const double rate = slot.standing->speed.tokens_per_s();
    const double estimate = std::max(static_cast<double>(slot.work),
                                     static_cast<double>(lease.tokens_each) * slot.slots) /
                            rate;
    const double patient = lease_factor * std::pow(2.0, std::min(patience, patience_doublings_max));
    const double lease_s = std::min(estimate * patient, lease_seconds_max);
    const auto allowed = Duration{static_cast<std::int64_t>(lease_s * 1e6)} + lease_slack;
    lease.deadline = std::min(now + allowed, job.deadline);
    set_timer(lease.deadline, TimerKind::lease_deadline, id.get());
    node.leases.insert(id);
    job.leases.insert(id);

    command.node = node.id;
    command.lease = id;
    command.job = job.id;
    command.model = models[slot.model].id;
    command.deadline = lease.deadline - now;
    emit(std::move(command));
}

}  // namespace gleaner::core
