/// Machines that work for one customer alone: chosen, replaced when they leave, given back. A
/// machine that changes over finishes what it was lent before; nothing new of others comes to it.

#include <algorithm>
#include <tuple>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

Reservation& Scheduler::State::reservation_of(const std::string& id) {
    const Index index = intern(reservation_names, id);
    if (index == reservations.size()) {
        auto& reservation = reservations.emplace_back();
        reservation.index = index;
        reservation.id = id;
    }
    return reservations[index];
}

void Scheduler::State::on(const ReservationOpened& event) {
    auto& reservation = reservation_of(event.reservation);
    reservation.open = true;
    reservation.device_class = intern(class_names, event.device_class);
    reservation.wanted = event.devices;
    reservation.certified = event.certified;
    unstaffed.insert(reservation.index);
}

void Scheduler::State::on(const ReservationClosed& event) {
    auto& reservation = reservation_of(event.reservation);
    reservation.open = false;
    reservation.wanted = 0;
    unstaffed.insert(reservation.index);
    std::vector<std::uint64_t> over;
    for (const auto& [sequence, job] : jobs)
        if (job.queue->key.reservation == reservation.index) over.push_back(sequence);
    for (const std::uint64_t sequence : over)
        end_job(jobs.at(sequence), {{}, true}, "the reservation on which the job works is over");
    for (auto& queue : queues) {
        if (queue.key.reservation != reservation.index) continue;
        while (!queue.waiting.empty())
            refuse_waiting(streams.at(queue.waiting.begin()->second), "the reservation is over");
    }
}

/// Something about the node changed: does that concern a reservation?
void Scheduler::State::look_at_reservation(const Node& node) {
    if (node.moving) return;
    if (node.reservation != nowhere) {
        unstaffed.insert(node.reservation);
        return;
    }
    for (const Index index : lacking)
        if (may_serve(node, reservations[index])) unstaffed.insert(index);
}

void Scheduler::State::staff_reservations() {
    while (!unstaffed.empty()) {
        const Index index = *unstaffed.begin();
        staff(reservations[index]);
        unstaffed.erase(index);
    }
}

/// Devices of the class by which the node is counted that work now.
std::uint32_t Scheduler::State::reservable_devices(const Node& node) const {
    const auto counted = std::ranges::count_if(node.devices, [&](const Device& device) {
        const auto name = class_names.find(device.name);
        return !device.paused && name != class_names.end() && name->second == node.device_class;
    });
    return static_cast<std::uint32_t>(counted);
}

bool Scheduler::State::may_serve(const Node& node, const Reservation& reservation) const {
    if (!node.able() || node.device_class != reservation.device_class ||
        (reservation.certified && !node.certified) || reservable_devices(node) == 0)
        return false;
    return std::ranges::none_of(node.slots, [](const auto& entry) {
        const auto* standing = entry.second.standing;
        return standing != nullptr && standing->distrusted();
    });
}

/// The node that fits best: whole, without work, not one that leaves soon, at a site that has not
/// many of its machines yet, trusted.
Node* Scheduler::State::best_for(const Reservation& reservation) {
    const std::uint32_t missing = reservation.wanted - reservation.devices;
    std::map<Index, int> at_site;
    for (const Index index : reservation.nodes) ++at_site[nodes[index].site];
    Node* best = nullptr;
    std::tuple<std::uint32_t, bool, bool, int, double> least;
    for (const Index index : online.of({})) {
        auto& node = nodes[index];
        if (!may_serve(node, reservation)) continue;
        const std::uint32_t devices = reservable_devices(node);
        double trust = 1;
        for (const auto& [model, slot] : node.slots)
            if (slot.standing != nullptr) trust = std::min(trust, slot.standing->trust());
        const auto found = at_site.find(node.site);
        const std::tuple rank(devices > missing ? devices - missing : 0, node.leaves_soon,
                              !node.leases.empty() || !node.streams.empty(),
                              found == at_site.end() ? 0 : found->second, -trust);
        if (best != nullptr && rank >= least) continue;
        best = &node;
        least = rank;
    }
    return best;
}

/// Gives back what cannot serve it now or is too much, then takes what it lacks.
void Scheduler::State::staff(Reservation& reservation) {
    const std::vector<Index> before(reservation.nodes.begin(), reservation.nodes.end());
    reservation.devices = 0;
    for (const Index index : before) {
        auto& node = nodes[index];
        if (!reservation.open || !may_serve(node, reservation))
            move(node, nowhere);
        else
            reservation.devices += reservable_devices(node);
    }
    release_surplus(reservation);
    while (reservation.short_of_devices()) {
        auto* node = best_for(reservation);
        if (node == nullptr) break;
        move(*node, reservation.index);
        reservation.devices += reservable_devices(*node);
        note("node " + node->id.get() + " works for reservation " + reservation.id);
    }
    if (reservation.short_of_devices()) {
        if (lacking.insert(reservation.index).second)
            note("reservation " + reservation.id + " has " + std::to_string(reservation.devices) +
                 " of " + std::to_string(reservation.wanted) + " devices");
    } else {
        lacking.erase(reservation.index);
    }
    const std::vector<Index> indices(demanded.begin(), demanded.end());
    for (const Index index : indices)
        if (queues[index].key.reservation == reservation.index) consider_loads(queues[index]);
}

/// Nodes with several devices may have more than is wanted.
void Scheduler::State::release_surplus(Reservation& reservation) {
    const std::vector<Index> taken(reservation.nodes.rbegin(), reservation.nodes.rend());
    for (const Index index : taken) {
        const std::uint32_t devices = reservable_devices(nodes[index]);
        if (reservation.devices < reservation.wanted + devices) continue;
        reservation.devices -= devices;
        move(nodes[index], nowhere);
    }
}

/// From the pool it is in to another one; the reservation's `devices` are the caller's.
void Scheduler::State::move(Node& node, Index reservation) {
    node.moving = true;
    reindex(node);
    if (node.reservation != nowhere) {
        auto& left = reservations[node.reservation];
        left.nodes.erase(node.index);
        note("node " + node.id.get() + " works for reservation " + left.id + " no more");
    }
    node.reservation = reservation;
    if (reservation != nowhere) reservations[reservation].nodes.insert(node.index);
    node.moving = false;
    reindex(node);
    for (auto& [model, slot] : node.slots) {
        serve_waiting(node, slot);
        feed(node, slot);
    }
    consider_node(node);
}

/// Has it no work left but that of the reservation it is in?
bool Scheduler::State::clear_of_others(const Node& node) const {
    const auto of_others = [&](const WorkQueue& queue) {
        return queue.key.reservation != node.reservation;
    };
    return std::ranges::none_of(node.leases,
                                [&](LeaseId id) {
                                    const auto* job = leases.at(id).job;
                                    return job != nullptr && of_others(*job->queue);
                                }) &&
           std::ranges::none_of(node.streams,
                                [&](StreamId id) { return of_others(*streams.at(id).queue); });
}

std::string Scheduler::State::nobody_there(const QueueKey& key) const {
    if (key.reservation != nowhere)
        return reservations[key.reservation].open
                   ? "none of the reserved machines that can run this model is there now"
                   : "the reservation is over";
    switch (key.privacy) {
        case PrivacyClass::any:
            return "no node that can run this model is online";
        case PrivacyClass::certified:
            return "no node of a certified site that can run this model is online";
        case PrivacyClass::own:
            return "no node of your own sites that can run this model is online";
    }
    return {};
}

}  // namespace gleaner::core
