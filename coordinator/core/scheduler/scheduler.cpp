#include "coordinator/core/scheduler/scheduler.h"

#include <algorithm>
#include <utility>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

Index Scheduler::State::intern(std::unordered_map<std::string, Index>& table,
                               const std::string& text) {
    return table.try_emplace(text, static_cast<Index>(table.size())).first->second;
}

Node& Scheduler::State::node_of(const NodeId& id) {
    const Index index = intern(node_names, id.get());
    if (index == nodes.size()) {
        auto& node = nodes.emplace_back();
        node.index = index;
        node.id = id;
    }
    return nodes[index];
}

Node* Scheduler::State::find_node(const NodeId& id) {
    const auto found = node_names.find(id.get());
    return found == node_names.end() ? nullptr : &nodes[found->second];
}

Slot& Scheduler::State::slot_of(Node& node, Index model) {
    auto& slot = node.slots[model];
    slot.model = model;
    return slot;
}

Model& Scheduler::State::model_of(const Sha256& id) {
    const Index index = intern(model_names, id.get());
    if (index == models.size()) {
        auto& model = models.emplace_back();
        model.index = index;
        model.id = id;
    }
    return models[index];
}

Customer& Scheduler::State::customer_of(const CustomerId& id) {
    const Index index = intern(customer_names, id.get());
    if (index == customers.size()) customers.emplace_back().index = index;
    return customers[index];
}

WorkQueue& Scheduler::State::queue_of(const Sha256& model, PrivacyClass privacy,
                                      const OwnerId& own_sites_of, const std::string& reservation) {
    QueueKey key;
    key.model = model_of(model).index;
    if (!reservation.empty()) {
        key.reservation = reservation_of(reservation).index;
    } else {
        key.privacy = privacy;
        // A customer without own sites asking for them gets an owner that no node has.
        if (privacy == PrivacyClass::own) key.owner = intern(owner_names, own_sites_of.get());
    }
    const auto [found, made] = queue_names.try_emplace(key, static_cast<Index>(queues.size()));
    if (made) {
        auto& queue = queues.emplace_back();
        queue.index = found->second;
        queue.key = key;
    }
    return queues[found->second];
}

Scheduler::Scheduler(SchedulerOptions options) : state_(std::make_unique<State>(options)) {}

Scheduler::~Scheduler() = default;

std::vector<Command> Scheduler::on(const Event& event, Time now) {
    if (!state_->started) state_->started = now;
    state_->now = now;
    state_->spread_over = 0;
    state_->notice_suspension();
    std::visit([this](const auto& e) { state_->on(e); }, event);
    state_->drop_distrusted();
    state_->staff_reservations();
    state_->end_exhausted();
    state_->arm();
    return std::exchange(state_->commands, {});
}

void Scheduler::restore_standing(const std::string& key, const std::string& json) {
    state_->restore(key, json);
}

Forecast Scheduler::forecast(const ForecastQuestion& question) const {
    return state_->forecast(question);
}

void Scheduler::check_invariants() const {
    state_->check();
}

std::uint64_t Scheduler::largest_memory() const {
    const auto& seen = state_->memory_of_nodes;
    return seen.empty() ? 0 : *seen.rbegin();
}

std::vector<Scheduler::NodeView> Scheduler::nodes() const {
    std::vector<NodeView> views;
    views.reserve(state_->nodes.size());
    for (const auto& node : state_->nodes) {
        if (node.owner == nowhere) continue;  // only named, never joined
        NodeView view;
        view.node = node.id;
        view.connected = node.connected;
        view.paused = node.paused;
        view.draining = node.draining;
        if (node.reservation != nowhere)
            view.reservation = state_->reservations[node.reservation].id;
        view.running_streams = static_cast<std::uint32_t>(node.streams.size());
        std::optional<double> trust;
        std::optional<std::uint32_t> quota;
        for (const auto& [model, slot] : node.slots) {
            view.outstanding_items += slot.outstanding;
            if (node.connected && slot.phase == Slot::Phase::ready)
                view.ready_models.push_back(state_->models[model].id);
            if (slot.standing == nullptr) continue;
            trust = std::min(trust.value_or(1), slot.standing->trust());
            const auto allowed = slot.standing->quota(state_->now);
            quota = std::min(quota.value_or(allowed), allowed);
            if (slot.standing->speed.observed())
                view.tokens_per_s =
                    std::max(view.tokens_per_s, slot.standing->speed.tokens_per_s());
        }
        const Standing stranger;
        view.trust = trust.value_or(stranger.trust());
        view.quota = quota.value_or(stranger.quota(state_->now));
        views.push_back(std::move(view));
    }
    return views;
}

std::vector<Scheduler::Dedicated> Scheduler::dedicated() const {
    std::vector<Dedicated> found;
    for (const auto& reservation : state_->reservations)
        for (const Index index : reservation.nodes) {
            const auto& node = state_->nodes[index];
            if (state_->clear_of_others(node))
                found.push_back({reservation.id, node.id, state_->reservable_devices(node)});
        }
    return found;
}

Scheduler::Totals Scheduler::totals() const {
    Totals totals;
    totals.connected_nodes = state_->connected;
    totals.pending_items = state_->pending_items;
    totals.leased_items = state_->lent_items;
    totals.live_leases = state_->leases.size();
    totals.running_streams = state_->running_streams;
    totals.waiting_streams = state_->streams.size() - state_->running_streams;
    totals.site_outages = state_->site_outages;
    totals.outage_suspected = state_->outage_until.has_value();
    totals.store_stalled = state_->stalled;
    return totals;
}

}  // namespace gleaner::core
