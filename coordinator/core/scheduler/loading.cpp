/// Which node loads which model: warm nodes are used first, then ones that have the file, then ones
/// that must download it; only where the device has the memory, one load per device at a time.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

namespace {

constexpr int candidates_looked_at_max = 64;
constexpr int loads_at_once_max = 256;
constexpr double start_seconds = 2;
constexpr double disk_bytes_per_s = 500e6;
constexpr double download_bytes_per_s = 10e6;
constexpr std::size_t warm_for_failover = 2;  // an answer can go on elsewhere at once
constexpr Duration streamed_lately = std::chrono::minutes(5);
constexpr Duration starve_max = std::chrono::seconds(10);
constexpr Duration resident_min = std::chrono::seconds(30);
constexpr Duration load_patience = std::chrono::minutes(10);

}  // namespace

bool Scheduler::State::eligible(const Node& node, const QueueKey& key) const {
    if (node.reservation != key.reservation) return false;
    if (key.reservation != nowhere) return true;
    switch (key.privacy) {
        case PrivacyClass::any:
            return true;
        case PrivacyClass::certified:
            return node.certified;
        case PrivacyClass::own:
            return node.owner == key.owner;
    }
    return false;
}

std::vector<WorkQueue*> Scheduler::State::queues_for(const Node& node, Index model) {
    std::vector<WorkQueue*> found;
    const auto add = [&](const Pool& pool) {
        const auto it = queue_names.find(QueueKey{pool, model});
        if (it != queue_names.end()) found.push_back(&queues[it->second]);
    };
    if (node.reservation != nowhere) {
        add({.reservation = node.reservation});
        return found;
    }
    add({});
    if (node.certified) add({.privacy = PrivacyClass::certified});
    add({.privacy = PrivacyClass::own, .owner = node.owner});
    return found;
}

bool Scheduler::State::is_demanded(const Node& node, Index model) {
    return std::ranges::any_of(queues_for(node, model),
                               [](const WorkQueue* queue) { return queue->demanded(); });
}

/// Does the node's engine run on this device?
bool Scheduler::State::device_serves(const Node& node, const Device& device) const {
    if (device.kind == node.backend) return true;
    return std::ranges::none_of(node.devices,
                                [&](const Device& other) { return other.kind == node.backend; });
}

bool Scheduler::State::has_idle_device(const Node& node) const {
    for (Index i = 0; i < node.devices.size(); ++i) {
        const auto& device = node.devices[i];
        if (device.loading != nowhere || device.paused || !device_serves(node, device)) continue;
        const bool busy = std::ranges::any_of(node.slots, [&](const auto& entry) {
            const Slot& slot = entry.second;
            return slot.device == i && (slot.outstanding > 0 || slot.streams > 0);
        });
        if (!busy) return true;
    }
    return false;
}

std::uint64_t Scheduler::State::used_memory(const Node& node, Index device) const {
    std::uint64_t used = 0;
    for (const auto& [model, slot] : node.slots)
        if (slot.device == device && slot.phase != Slot::Phase::absent)
            used += models[model].memory_bytes;
    return used;
}

/// The device with the most room that takes the model (`when_empty`: if nothing else were loaded).
Index Scheduler::State::fitting_device(const Node& node, const Model& model,
                                       bool when_empty) const {
    Index best = nowhere;
    std::uint64_t most = 0;
    for (Index i = 0; i < node.devices.size(); ++i) {
        const auto& device = node.devices[i];
        if (device.loading != nowhere || device.paused || !device_serves(node, device)) continue;
        const std::uint64_t used = when_empty ? 0 : used_memory(node, i);
        if (device.memory_bytes < used || device.memory_bytes - used < model.memory_bytes) continue;
        if (best != nowhere && device.memory_bytes - used <= most) continue;
        best = i;
        most = device.memory_bytes - used;
    }
    return best;
}

bool Scheduler::State::could_load(const Node& node, const Model& model) const {
    if (!node.able() || !model.offered) return false;
    const auto slot = node.slots.find(model.index);
    if (slot != node.slots.end() &&
        (slot->second.phase != Slot::Phase::absent || slot->second.backoff_until > now))
        return false;
    return fitting_device(node, model, true) != nowhere;
}

double Scheduler::State::backlog_seconds(const WorkQueue& queue, std::size_t workers) const {
    if (queue.pending == 0) return 0;
    const double each = queue.jobs.begin()->second.begin()->second->tokens_per_item;
    const double rate = std::max(models[queue.key.model].tokens_per_s, 0.01);
    return static_cast<double>(queue.pending) * each / (rate * static_cast<double>(workers));
}

/// Is one more node with this model worth loading it there?
bool Scheduler::State::wants_node(const WorkQueue& queue, bool cached) const {
    const auto& model = models[queue.key.model];
    if (!model.offered) return false;
    const std::size_t ready = model.ready.of(queue.key).size();
    const std::size_t loading = model.loading.of(queue.key).size();
    const bool streamed = model.streamed && now - model.streamed_at <= streamed_lately;
    if (streamed && ready + loading < warm_for_failover) return true;
    if (!queue.demanded()) return false;
    if (ready + loading == 0) return true;
    if (!queue.waiting.empty() && loading == 0) return true;
    const double cost = start_seconds + static_cast<double>(model.memory_bytes) /
                                            (cached ? disk_bytes_per_s : download_bytes_per_s);
    return backlog_seconds(queue, ready + loading) > cost;
}

/// The next able node of the set, looking on from where the last search ended.
Node* Scheduler::State::find_loader(WorkQueue& queue, const std::set<Index>& among,
                                    const std::vector<Index>& excluded, Index not_at) {
    const auto& model = models[queue.key.model];
    auto it = among.lower_bound(queue.cursor);
    const auto most = std::min(among.size(), static_cast<std::size_t>(candidates_looked_at_max));
    for (std::size_t looked_at = 0; looked_at < most; ++looked_at) {
        if (it == among.end()) it = among.begin();
        auto& node = nodes[*it];
        if (node.idle && node.site != not_at && could_load(node, model) &&
            !std::ranges::binary_search(excluded, node.owner))
            return &node;
        ++it;
    }
    if (!among.empty()) queue.cursor = it == among.end() ? 0 : *it;
    return nullptr;
}

/// Where the queue's only copy of its model is, ready or loading; nowhere when there is none or
/// several.
Index Scheduler::State::only_site(const WorkQueue& queue) const {
    const auto& model = models[queue.key.model];
    const auto& ready = model.ready.of(queue.key);
    const auto& loading = model.loading.of(queue.key);
    if (ready.size() + loading.size() != 1) return nowhere;
    return nodes[ready.empty() ? *loading.begin() : *ready.begin()].site;
}

void Scheduler::State::consider_loads(WorkQueue& queue) {
    auto& model = models[queue.key.model];
    const auto& key = queue.key;
    const auto find = [&](Index not_at) {
        auto* found = find_loader(queue, model.cached.of(key), {}, not_at);
        if (found == nullptr && wants_node(queue, false))
            found = find_loader(queue, idle.of(key), {}, not_at);
        return found;
    };
    for (int i = 0; i < loads_at_once_max; ++i) {
        if (!wants_node(queue, true)) return;
        // The second copy rather at another site, so that one power cut does not take both.
        const Index not_at = only_site(queue);
        auto* node = find(not_at);
        if (node == nullptr && not_at != nowhere) node = find(nowhere);
        if (node == nullptr || !load(*node, model)) return;
    }
}

/// A node has a free device: what should it load? Starving models first, then ones on its disk.
void Scheduler::State::consider_node(Node& node) {
    for (std::size_t round = 0; round <= node.devices.size(); ++round) {
        if (!node.idle) return;
        WorkQueue* best = nullptr;
        std::pair<bool, bool> best_rank;
        int looked_at = 0;
        for (const Index index : demanded) {
            if (++looked_at > candidates_looked_at_max) break;
            auto& queue = queues[index];
            const auto& model = models[queue.key.model];
            if (!eligible(node, queue.key) || !could_load(node, model)) continue;
            const auto slot = node.slots.find(model.index);
            const bool cached = slot != node.slots.end() && slot->second.cached;
            if (!wants_node(queue, cached)) {
                const auto excluded = excluded_owners(queue);
                const bool helps = !excluded.empty() && starves(queue, excluded) &&
                                   !std::ranges::binary_search(excluded, node.owner);
                if (!helps) continue;
            }
            const bool alone = model.ready.of(queue.key).empty();
            const std::pair rank(alone, cached);
            if (best != nullptr && rank <= best_rank) continue;
            best = &queue;
            best_rank = rank;
        }
        if (best == nullptr || !load(node, models[best->key.model])) return;
    }
}

/// Sends LoadModel where there is room. Where there is none, idle models make way first and the
/// load follows when they are gone. False when neither was possible.
bool Scheduler::State::load(Node& node, Model& model) {
    const Index device = fitting_device(node, model, false);
    if (device == nowhere) return evict_for(node, model);
    auto& slot = slot_of(node, model.index);
    slot.phase = Slot::Phase::loading;
    slot.device = device;
    node.devices[device].loading = model.index;
    slot.load_give_up = now + load_patience;
    set_timer(slot.load_give_up, TimerKind::slot_load, node.index, model.index);
    emit(LoadModel{node.id, model.id, node.devices[device].id});
    reindex(node);
    return true;
}

bool Scheduler::State::evict_for(Node& node, const Model& model) {
    for (Index i = 0; i < node.devices.size(); ++i) {
        const auto& device = node.devices[i];
        if (device.loading != nowhere || device.paused || !device_serves(node, device) ||
            device.memory_bytes < model.memory_bytes)
            continue;
        std::vector<Slot*> removable;
        std::uint64_t used = used_memory(node, i);
        std::uint64_t leaving = 0;
        for (auto& [index, slot] : node.slots) {
            if (slot.device != i) continue;
            if (slot.phase == Slot::Phase::unloading) leaving += models[index].memory_bytes;
            if (slot.phase == Slot::Phase::ready && slot.outstanding == 0 && slot.streams == 0 &&
                (slot.retiring || !is_demanded(node, index)))
                removable.push_back(&slot);
        }
        std::ranges::stable_sort(removable, {}, [](const Slot* slot) { return slot->used_at; });
        used -= leaving;
        std::vector<Slot*> chosen;
        for (Slot* slot : removable) {
            if (used + model.memory_bytes <= device.memory_bytes) break;
            used -= models[slot->model].memory_bytes;
            chosen.push_back(slot);
        }
        if (used + model.memory_bytes > device.memory_bytes) continue;
        for (Slot* slot : chosen) unload(node, *slot);
        return !chosen.empty();
    }
    return false;
}

/// Owners that may not have what waits in the queue, when nodes have found nothing in it for them:
/// replicas go to different owners, so that the model may be needed at yet another one.
std::vector<Index> Scheduler::State::excluded_owners(const WorkQueue& queue) const {
    const auto& hungry = models[queue.key.model].hungry.of(queue.key);
    if (queue.pending == 0 || hungry.empty()) return {};
    for (const auto& [customer, waiting] : queue.jobs)
        for (const auto& [sequence, job] : waiting)
            if (!job->retries.empty()) return job->retries.begin()->first.owners;
    return {};
}

bool Scheduler::State::starves(const WorkQueue& queue, const std::vector<Index>& excluded) const {
    const auto& model = models[queue.key.model];
    if (!queue.demanded() || !model.offered) return false;
    const auto& loading = model.loading.of(queue.key);
    if (excluded.empty()) return model.ready.of(queue.key).empty() && loading.empty();
    int looked_at = 0;
    for (const Index index : loading) {
        if (++looked_at > candidates_looked_at_max) break;
        if (!std::ranges::binary_search(excluded, nodes[index].owner)) return false;
    }
    return true;
}

/// A queue whose work no node with the model may take: after a while a node that may is made to
/// load it: an idle one, else one with room beside its work, else the least busy one changes over.
void Scheduler::State::relieve(WorkQueue& queue) {
    const auto excluded = excluded_owners(queue);
    if (!starves(queue, excluded)) {
        queue.starved_since.reset();
        return;
    }
    if (!queue.starved_since) queue.starved_since = now;
    if (now - *queue.starved_since < starve_max) return;
    queue.starved_since = now;
    auto& model = models[queue.key.model];
    const auto may = [&](const Node& node) {
        return !std::ranges::binary_search(excluded, node.owner) && could_load(node, model);
    };
    if (auto* node = find_loader(queue, idle.of(queue.key), excluded, nowhere);
        node != nullptr && load(*node, model))
        return;
    Node* least_busy = nullptr;
    Slot* its_slot = nullptr;
    for (auto& other : models) {
        int looked_at = 0;
        for (const Index candidate : other.ready.of(queue.key)) {
            if (++looked_at > candidates_looked_at_max) break;
            auto& node = nodes[candidate];
            auto& slot = node.slots.at(other.index);
            if (!may(node) || slot.ready_at + resident_min > now) continue;
            if (fitting_device(node, model, false) != nowhere) {
                (void)load(node, model);  // room beside what it is busy with
                return;
            }
            if (slot.device == nowhere || slot.retiring ||
                node.devices[slot.device].memory_bytes < model.memory_bytes)
                continue;
            if (its_slot != nullptr && its_slot->work <= slot.work) continue;
            least_busy = &node;
            its_slot = &slot;
        }
    }
    if (its_slot == nullptr) return;
    its_slot->retiring = true;
    reindex(*least_busy, *its_slot);
    retire_if_free(*least_busy, *its_slot);
}

void Scheduler::State::retire_if_free(Node& node, Slot& slot) {
    if (!slot.retiring || slot.phase != Slot::Phase::ready || slot.outstanding > 0 ||
        slot.streams > 0)
        return;
    unload(node, slot);
}

}  // namespace gleaner::core
