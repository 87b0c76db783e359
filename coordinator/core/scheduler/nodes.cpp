/// Nodes come, go, and say what they can take.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

namespace {

constexpr Duration silent_after_join = std::chrono::seconds(2);
constexpr std::uint32_t leaving_load = 512;  // a node that stays may be half full before it

std::string last_word(const std::string& text) {
    const auto space = text.find_last_of(' ');
    return space == std::string::npos ? text : text.substr(space + 1);
}

void toggle(bool& is, bool should, ClassIndex<Index>& index, const Node& node) {
    if (is == should) return;
    is = should;
    if (should)
        index.insert(node.index, node.owner, node.certified, node.reservation);
    else
        index.erase(node.index, node.owner, node.reservation);
}

}  // namespace

void Scheduler::State::on(const NodeJoined& event) {
    auto& node = node_of(event.node);
    if (node.connected) detach(node, FailureCause::connection_lost);  // a session replaces another
    describe(node, event);
    node.connected = true;
    node.settled = false;
    node.paused = false;
    node.leaves_soon = false;
    ++connected;
    ++sites[node.site].connected;
    node_returned(node);
    resume_leases(node, event);
    for (const StreamId stream : event.held_streams) emit(StopStream{stream, node.id});
    reindex(node);
    set_timer(now + silent_after_join, TimerKind::node_settle, node.index);
}

void Scheduler::State::describe(Node& node, const NodeJoined& event) {
    const bool seen_before = node.owner != nowhere;
    if (seen_before) memory_of_nodes.erase(memory_of_nodes.find(node.memory_max));
    node.site = intern(site_names, event.site.get());
    node.owner = intern(owner_names, event.owner.get());
    node.certified = event.certified;
    owners_seen.insert(node.owner);
    if (node.certified) certified_owners_seen.insert(node.owner);
    node.device_class = intern(class_names, event.device_class);
    node.engine = event.engine;
    node.backend = last_word(event.engine);
    node.devices.clear();
    for (const auto& device : event.devices)
        node.devices.push_back(
            {device.id, device.kind, device.name, device.driver, device.memory_bytes, nowhere});
    node.memory_max = 0;
    for (const auto& device : node.devices)
        if (device_serves(node, device))
            node.memory_max = std::max(node.memory_max, device.memory_bytes);
    memory_of_nodes.insert(node.memory_max);
    for (auto& [model, slot] : node.slots) slot.cached = false;
    for (const auto& id : event.cached)
        if (const auto known = model_names.find(id.get()); known != model_names.end())
            slot_of(node, known->second).cached = true;
}

/// Leases that the node still holds go on; what it lost goes back to be lent again.
void Scheduler::State::resume_leases(Node& node, const NodeJoined& event) {
    std::map<LeaseId, const NodeJoined::Held*> held;
    for (const auto& one : event.held) held[one.lease] = &one;
    WelcomeNode welcome{node.id, {}};
    std::set<Index> touched;
    const std::vector<LeaseId> live(node.leases.begin(), node.leases.end());
    for (const LeaseId id : live) {
        auto& lease = leases.at(id);
        if (lease.job != nullptr) touched.insert(lease.job->queue->index);
        const auto found = held.find(id);
        if (found == held.end()) {
            return_lease(lease);
            continue;
        }
        const std::set<std::uint32_t> unfinished(found->second->unfinished.begin(),
                                                 found->second->unfinished.end());
        for (std::uint32_t index = 0; index < lease.entries.size(); ++index)
            if (!lease.entries[index].done && !unfinished.contains(index)) {
                lease.ended_unseen = true;
                return_entry(lease, index);
            }
        if (lease.open > 0)
            welcome.keep.push_back(id);
        else
            lease.ended_unseen = false;  // not keeping it says so
        end_lease_if_done(lease);
    }
    for (auto& [model, slot] : node.slots) slot.progress = now;
    emit(std::move(welcome));
    for (const Index index : touched) push(queues[index]);
}

void Scheduler::State::on(const NodeLeft& event) {
    auto* node = find_node(event.node);
    if (node == nullptr) return;
    if (node->connected)
        detach(*node, FailureCause::connection_lost);
    else if (event.cause == LeaveCause::lost)
        return;
    if (event.cause == LeaveCause::lost) {
        node_lost(*node);
        return;
    }
    node->draining = false;
    node->grace_until = now;
    return_all(*node);
}

/// The session is over: nothing can be sent to the node any more. Its leases stay.
void Scheduler::State::detach(Node& node, FailureCause why) {
    node.connected = false;
    --connected;
    --sites[node.site].connected;
    for (auto& device : node.devices) device.loading = nowhere;
    for (auto& [model, slot] : node.slots) {
        slot.phase = Slot::Phase::absent;
        slot.device = nowhere;
        slot.window_items = 0;
        slot.window_streams = 0;
        slot.retiring = false;
        if (slot.standing != nullptr) save_standing(*slot.standing, Duration{0});
    }
    reindex(node);
    interrupt_all(node, why);
}

void Scheduler::State::on(const NodeDrained& event) {
    auto* node = find_node(event.node);
    if (node == nullptr) return;
    node->draining = true;
    reindex(*node);
}

void Scheduler::State::on(const CapacityChanged& event) {
    auto* node = find_node(event.node);
    if (node == nullptr || !node->connected) return;
    for (auto& [model, slot] : node->slots) {
        slot.window_items = 0;
        slot.window_streams = 0;
    }
    for (const auto& window : event.windows) {
        const auto known = model_names.find(window.model.get());
        if (known == model_names.end()) continue;
        auto& slot = slot_of(*node, known->second);
        slot.window_items = window.items;
        slot.window_streams = window.streams;
    }
    node->paused = event.paused;
    node->leaves_soon = event.leaves_soon;
    for (auto& device : node->devices)
        device.paused =
            std::ranges::find(event.paused_devices, device.id) != event.paused_devices.end();
    node->settled = true;
    reindex(*node);
    for (auto& [model, slot] : node->slots) {
        serve_waiting(*node, slot);
        feed(*node, slot);
    }
    consider_node(*node);
}

/// A node that said nothing since it joined holds nothing.
void Scheduler::State::settle_node(Node& node) {
    if (!node.connected || node.settled) return;
    node.settled = true;
    reindex(node);
    consider_node(node);
}

void Scheduler::State::on_grace_over(Node& node) {
    if (node.connected || node.leases.empty() || now < node.grace_until) return;
    if (outage_until && *outage_until > now) {
        node.grace_until = *outage_until;
        set_timer(node.grace_until, TimerKind::node_grace, node.index);
        return;
    }
    return_all(node);
}

std::uint32_t Scheduler::State::credit(const Slot& slot) const {
    const std::uint32_t allowed = std::min(slot.window_items, slot.standing->quota(now));
    return allowed > slot.outstanding ? allowed - slot.outstanding : 0;
}

void Scheduler::State::reindex(Node& node) {
    for (auto& [model, slot] : node.slots) reindex(node, slot);
    toggle(node.online, node.connected && !node.draining && !node.moving && !node.engine.empty(),
           online, node);
    toggle(node.idle, node.able() && has_idle_device(node), idle, node);
    look_at_reservation(node);
}

/// Brings the indexes over this slot in line with it.
void Scheduler::State::reindex(Node& node, Slot& slot) {
    auto& model = models[slot.model];
    const bool able = node.able();
    const bool was_counted = slot.counted;
    const bool ready = able && slot.phase == Slot::Phase::ready && slot.standing != nullptr;
    toggle(slot.counted, ready, model.ready, node);
    if (was_counted != slot.counted) {
        auto& at_site = model.ready_per_site[node.site];
        at_site += slot.counted ? 1U : ~0U;
        if (at_site == 0) model.ready_per_site.erase(node.site);
    }
    const std::uint32_t stream_windows = slot.counted ? slot.window_streams : 0;
    model.stream_slots = model.stream_slots + stream_windows - slot.counted_streams;
    slot.counted_streams = stream_windows;
    toggle(slot.loading_counted,
           node.connected && !node.moving && slot.phase == Slot::Phase::loading, model.loading,
           node);
    toggle(slot.cached_counted, able && slot.cached && slot.phase == Slot::Phase::absent,
           model.cached, node);
    bool hungry = ready && !slot.retiring && slot.backoff_until <= now && credit(slot) > 0 &&
                  wants_work(slot);
    if (hungry && slot.standing->distrusted())
        hungry = slot.outstanding == 0 && slot.probe_at <= now;
    toggle(slot.hungry, hungry, model.hungry, node);
    toggle(node.idle, able && has_idle_device(node), idle, node);
    reindex_stream(node, slot);
}

void Scheduler::State::reindex_stream(Node& node, Slot& slot) {
    auto& index = models[slot.model].for_streams;
    std::optional<StreamRank> rank;
    if (slot.counted && !slot.retiring && !slot.standing->distrusted() &&
        slot.stream_backoff_until <= now && slot.streams < slot.window_streams) {
        rank.emplace();
        rank->load = slot.streams * 1024 / slot.window_streams;
        if (node.leaves_soon) rank->load += leaving_load;
        rank->doubt = static_cast<std::uint32_t>((1 - slot.standing->trust()) * 10);
        const double rate = std::min(slot.standing->speed.tokens_per_s(), 1e6);
        rank->slowness = static_cast<std::uint32_t>(1e7 / (rate + 10));
        rank->node = node.index;
    }
    // The speed drifts with every item: only a move worth a new place counts.
    if (rank && slot.rank && rank->load == slot.rank->load && rank->doubt == slot.rank->doubt &&
        rank->slowness < slot.rank->slowness * 2 && slot.rank->slowness < rank->slowness * 2)
        return;
    if (slot.rank) index.erase(*slot.rank, node.owner, node.reservation);
    slot.rank = rank;
    if (rank) index.insert(*rank, node.owner, node.certified, node.reservation);
}

}  // namespace gleaner::core
