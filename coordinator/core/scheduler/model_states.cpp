/// Models: which are offered, and what each node says about its copies.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

namespace {
constexpr Duration backoff_max = std::chrono::minutes(10);
constexpr Duration load_patience = std::chrono::minutes(10);  // since its last sign of life
}  // namespace

void Scheduler::State::on(const ModelOffered& event) {
    auto& model = model_of(event.model);
    model.offered = true;
    model.memory_bytes = event.memory_bytes;
    model.slots = std::max(event.slots, 1U);
    model.canaries = event.canaries;
    const std::vector<Index> indices(demanded.begin(), demanded.end());
    for (const Index index : indices)
        if (queues[index].key.model == model.index) consider_loads(queues[index]);
}

void Scheduler::State::on(const ModelWithdrawn& event) {
    const auto known = model_names.find(event.model.get());
    if (known == model_names.end()) return;
    auto& model = models[known->second];
    model.offered = false;
    model.canaries = 0;
    const std::set<Index> ready = model.ready.everywhere();
    for (const Index index : ready) check_idle(nodes[index], nodes[index].slots.at(model.index));
    const std::vector<Index> indices(demanded.begin(), demanded.end());
    for (const Index index : indices) {
        auto& queue = queues[index];
        if (queue.key.model != model.index) continue;
        while (!queue.waiting.empty()) {
            auto& stream = streams.at(queue.waiting.begin()->second);
            const StreamId id = stream.id;
            stop_waiting(stream);
            erase_stream(id);
            refuse(id, model, "the model is no longer offered", true);
        }
    }
}

void Scheduler::State::on(const ModelStateChanged& event) {
    auto* node = find_node(event.node);
    const auto known = model_names.find(event.model.get());
    if (node == nullptr || !node->connected || known == model_names.end()) return;
    auto& slot = slot_of(*node, known->second);
    switch (event.phase) {
        case ModelPhase::downloading:
        case ModelPhase::starting:
            if (slot.phase == Slot::Phase::ready) leave_memory(*node, slot);
            slot.phase = Slot::Phase::loading;
            slot.cached = slot.cached || event.phase == ModelPhase::starting;
            slot.load_give_up = now + load_patience;
            set_timer(slot.load_give_up, TimerKind::slot_load, node->index, slot.model);
            reindex(*node);
            return;
        case ModelPhase::ready:
            became_ready(*node, slot, event);
            return;
        case ModelPhase::unloaded:
        case ModelPhase::evicted:
            slot.cached = event.phase == ModelPhase::unloaded;
            // It did not take what it was asked to load, and may not yet have said why: asked again
            // at once it would answer the same.
            if (slot.phase == Slot::Phase::loading) {
                slot.backoff_until = std::max(slot.backoff_until, now + std::chrono::seconds(1));
                set_timer(slot.backoff_until, TimerKind::slot_backoff, node->index, slot.model);
            }
            break;
        case ModelPhase::failed:
            slot.cached = slot.cached && event.cause != FailureCause::artefact_corrupt;
            note("model " + event.model.get() + " failed on node " + event.node.get() + " (" +
                 std::string(to_string(event.cause)) + "): " + event.detail);
            // An engine that fell over at work is soon up again; one that does not start is not.
            back_off(*node, slot, std::chrono::seconds(slot.phase == Slot::Phase::ready ? 1 : 10));
            break;
    }
    leave_memory(*node, slot);
    consider_node(*node);
    need_sweep();
}

void Scheduler::State::became_ready(Node& node, Slot& slot, const ModelStateChanged& event) {
    for (auto& device : node.devices)
        if (device.loading == slot.model) device.loading = nowhere;
    Device unknown;
    unknown.id = event.device;
    unknown.name = event.device;
    const Device* device = &unknown;
    slot.device = nowhere;
    for (Index i = 0; i < node.devices.size(); ++i) {
        if (node.devices[i].id != event.device) continue;
        slot.device = i;
        device = &node.devices[i];
    }
    const std::string key = node.id.get() + "|" + device->name + "|" + device->driver + "|" +
                            node.engine + "|" + models[slot.model].id.get();
    auto& standing = standings[key];
    standing.key = key;
    standing.present(now);
    standing.speed.claim(event.generated_tokens_per_s);
    slot.standing = &standing;
    slot.phase = Slot::Phase::ready;
    slot.cached = true;
    slot.slots = std::clamp(event.slots, 1U, 1024U);
    slot.ready_at = now;
    slot.used_at = now;
    slot.retiring = false;
    set_timer(now + options.model_idle_unload, TimerKind::slot_idle, node.index, slot.model);
    reindex(node);
    serve_waiting(node, slot);
    feed(node, slot);
}

/// The model is no longer, or not yet, in the node's memory.
void Scheduler::State::leave_memory(Node& node, Slot& slot) {
    for (auto& device : node.devices)
        if (device.loading == slot.model) device.loading = nowhere;
    slot.phase = Slot::Phase::absent;
    slot.device = nowhere;
    slot.retiring = false;
    reindex(node);
}

/// The node gets nothing of this model for a while; longer each time in a row.
void Scheduler::State::back_off(Node& node, Slot& slot, Duration first) {
    if (slot.backoff_until > now && slot.failures > 0)
        --slot.failures;  // the same trouble, told twice
    Duration pause = first;
    for (std::uint32_t i = 0; i < slot.failures && pause < backoff_max; ++i) pause *= 2;
    ++slot.failures;
    slot.backoff_until = std::max(slot.backoff_until, now + std::min(pause, backoff_max));
    set_timer(slot.backoff_until, TimerKind::slot_backoff, node.index, slot.model);
    reindex(node, slot);
}

void Scheduler::State::on_load_overdue(Node& node, Slot& slot) {
    const bool waits = slot.phase == Slot::Phase::loading || slot.phase == Slot::Phase::unloading;
    if (!waits || slot.load_give_up > now) return;
    if (slot.phase == Slot::Phase::loading) {
        note("node " + node.id.get() + " did not load model " + models[slot.model].id.get() +
             " in time");
        back_off(node, slot, std::chrono::seconds(30));
    }
    leave_memory(node, slot);
    consider_node(node);
}

void Scheduler::State::check_idle(Node& node, Slot& slot) {
    if (slot.phase != Slot::Phase::ready || !node.connected) return;
    const bool unused = slot.outstanding == 0 && slot.streams == 0;
    const Duration limit = models[slot.model].offered ? options.model_idle_unload : Duration{0};
    if (unused && slot.used_at + limit <= now && !is_demanded(node, slot.model)) {
        unload(node, slot);
        return;
    }
    const Time again = std::max(slot.used_at + limit, now + std::chrono::seconds(5));
    set_timer(again, TimerKind::slot_idle, node.index, slot.model);
}

void Scheduler::State::unload(Node& node, Slot& slot) {
    emit(UnloadModel{node.id, models[slot.model].id});
    slot.phase = Slot::Phase::unloading;
    slot.load_give_up = now + std::chrono::seconds(60);
    set_timer(slot.load_give_up, TimerKind::slot_load, node.index, slot.model);
    reindex(node);
}

/// Writes a changed standing, unless that was done less than `not_within` ago.
void Scheduler::State::save_standing(KeptStanding& standing, Duration not_within) {
    if (!standing.dirty) return;
    if (not_within.count() > 0 && now < standing.saved + not_within) return;
    standing.dirty = false;
    standing.saved = now;
    emit(SaveStanding{standing.key, standing.to_json()});
}

void Scheduler::State::restore(const std::string& key, const std::string& json) {
    auto read = Standing::from_json(json);
    if (!read) {
        note("the kept standing of " + key + " cannot be read: it starts anew");
        return;
    }
    auto& standing = standings[key];
    static_cast<Standing&>(standing) = *read;
    standing.key = key;
    restarted = true;
}

}  // namespace gleaner::core
