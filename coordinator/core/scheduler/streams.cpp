/// Online requests: placed at once on the least busy, most trusted node; else they wait their turn.

#include <algorithm>

#include "coordinator/core/scheduler/state.h"
#include "shared/util/check.h"

namespace gleaner::core {

namespace {

constexpr int candidates_looked_at_max = 32;
constexpr Duration overdue_after = std::chrono::seconds(30);
constexpr Duration backoff_first = std::chrono::seconds(1);
constexpr std::uint32_t backoff_doublings_max = 6;
constexpr double retry_seconds_min = 1;
constexpr double retry_seconds_max = 60;
constexpr double retry_seconds_unready = 10;
/// After a restart the nodes of before come back one by one.
constexpr Duration nodes_return_within = std::chrono::seconds(30);
constexpr const char* cannot_save = "results cannot be saved at the moment";

std::string gibibytes(std::uint64_t bytes) {
    const std::uint64_t tenths = (bytes * 10 + (1ULL << 29U)) >> 30U;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GiB";
}

/// Failures that another node may not have.
bool worth_another_node(FailureCause cause) {
    return cause != FailureCause::none && cause != FailureCause::request_rejected &&
           cause != FailureCause::cancelled;
}

}  // namespace

void Scheduler::State::on(const StreamRequested& event) {
    if (streams.contains(event.stream)) return;
    const auto known = model_names.find(event.model.get());
    if (known == model_names.end() || !models[known->second].offered) {
        refuse(event.stream, model_of(event.model), "the model is not offered", true);
        return;
    }
    auto& model = models[known->second];
    if (!memory_of_nodes.empty() && *memory_of_nodes.rbegin() < model.memory_bytes) {
        refuse(event.stream, model,
               "the model needs " + gibibytes(model.memory_bytes) + ", the largest node has " +
                   gibibytes(*memory_of_nodes.rbegin()),
               true);
        return;
    }
    // An answer that has begun goes on: what it costs is bounded by what runs.
    if (stalled && event.avoid.empty()) {
        refuse(event.stream, model, cannot_save, false);
        return;
    }
    model.streamed = true;
    model.streamed_at = now;
    auto& queue = queue_of(event.model, event.privacy, event.own_sites_of, event.reservation);
    auto& stream = streams[event.stream];
    stream.id = event.stream;
    on(CustomerWeighed{event.customer, event.weight});
    stream.customer = &customer_of(event.customer);
    stream.queue = &queue;
    stream.give_up = event.give_up;
    for (const auto& id : event.avoid)
        if (const auto* node = find_node(id)) {
            stream.avoid.push_back(node->index);
            stream.avoid_sites.insert(node->site);
        }
    std::ranges::sort(stream.avoid);
    for (const auto& id : event.refused_by)
        if (const auto* node = find_node(id)) stream.refused_by.push_back(node->index);
    if (!start_stream(stream)) {
        // One customer may fill half of a queue, so that others still find a place in it.
        const bool full = model.waiting_streams >= options.stream_queue_max ||
                          stream.customer->waiting_streams * 2 > options.stream_queue_max;
        const bool hopeless = !may_start(stream);
        if (full || hopeless || event.give_up <= now) {
            streams.erase(event.stream);
            refuse(event.stream, model,
                   hopeless ? nobody_there(queue.key)
                   : full   ? "too many requests wait for this model"
                            : "every node is busy",
                   false);
            return;
        }
        stream.sequence = next_waiting++;
        queue.waiting.emplace(stream.sequence, stream.id);
        queue.waiting_of[stream.customer->index].emplace(stream.sequence, stream.id);
        queue.answers.activate(stream.customer->index);
        ++model.waiting_streams;
        ++stream.customer->waiting_streams;
        demanded.insert(queue.index);
        set_timer(stream.give_up, TimerKind::stream_give_up, stream.id.get());
        need_sweep();
    }
    consider_loads(queue);
}

bool Scheduler::State::start_stream(Stream& stream) {
    const auto& key = stream.queue->key;
    int looked_at = 0;
    Node* best = nullptr;
    for (const auto& rank : models[key.model].for_streams.of(key)) {
        if (++looked_at > candidates_looked_at_max) break;
        if (std::ranges::binary_search(stream.avoid, rank.node)) continue;
        auto& node = nodes[rank.node];
        // A site is one failure domain: what befell one of its nodes may befall this one next.
        const bool elsewhere = !stream.avoid_sites.contains(node.site);
        if (best == nullptr || elsewhere) best = &node;
        if (elsewhere) break;
    }
    if (best == nullptr) return false;
    start_on(stream, *best, best->slots.at(key.model));
    return true;
}

/// Could a node take it before it gives up? One that is online and may serve it, or one that was
/// lost a moment ago; else there is nothing to wait for.
bool Scheduler::State::may_start(const Stream& stream) const {
    const auto& key = stream.queue->key;
    const auto& model = models[key.model];
    if (outage_until || (restarted && now < *started + nodes_return_within)) return true;
    const auto could = [&](const Node& node) {
        if (node.memory_max < model.memory_bytes || node.engine.empty()) return false;
        if (std::ranges::binary_search(stream.avoid, node.index)) return false;
        const auto found = node.slots.find(key.model);
        if (found == node.slots.end()) return true;
        const Slot& slot = found->second;
        if (slot.standing != nullptr && slot.standing->distrusted()) return false;
        const bool ready = slot.phase == Slot::Phase::ready;
        return (ready ? slot.stream_backoff_until : slot.backoff_until) < stream.give_up;
    };
    // A reserved machine was given back when it was lost; it is taken again when it comes.
    const auto was_eligible = [&](const Node& node) {
        return key.reservation == nowhere
                   ? eligible(node, key)
                   : reservations[key.reservation].device_class == node.device_class;
    };
    for (const Index index : online.of(key))
        if (could(nodes[index])) return true;
    for (auto lost = losses.lower_bound({now - options.reconnect_grace, 0}); lost != losses.end();
         ++lost)
        if (was_eligible(nodes[lost->second]) && could(nodes[lost->second])) return true;
    return false;
}

/// Nodes have left: some of those who wait do so in vain now.
void Scheduler::State::refuse_hopeless(WorkQueue& queue) {
    std::vector<StreamId> hopeless;
    for (const auto& [sequence, id] : queue.waiting)
        if (!may_start(streams.at(id))) hopeless.push_back(id);
    for (const StreamId id : hopeless) refuse_waiting(streams.at(id), nobody_there(queue.key));
}

void Scheduler::State::refuse_waiting(Stream& stream, std::string reason) {
    const StreamId id = stream.id;
    const auto& model = models[stream.queue->key.model];
    stop_waiting(stream);
    erase_stream(id);
    refuse(id, model, std::move(reason), false);
}

void Scheduler::State::start_on(Stream& stream, Node& node, Slot& slot) {
    GLEANER_CHECK(stream.queue->key.reservation == node.reservation, "work stays in its pool");
    stream.node = &node;
    stream.slot = &slot;
    stream.started = now;
    stream.deadline = now + options.stream_deadline + overdue_after;
    set_timer(stream.deadline, TimerKind::stream_deadline, stream.id.get());
    stream.charged_ms = static_cast<std::uint64_t>(models[slot.model].stream_seconds * 1'000);
    stream.queue->answers.charge(stream.customer->index, stream.customer->weight,
                                 stream.charged_ms);
    ++slot.streams;
    slot.used_at = now;
    node.streams.insert(stream.id);
    ++running_streams;
    emit(StartStream{stream.id, node.id, options.stream_deadline, slot.standing->trusted()});
    reindex(node, slot);
}

/// The customer's stream that waits longest and may go there.
Stream* Scheduler::State::first_for(WorkQueue& queue, Index customer, const Node& node) {
    int looked_at = 0;
    for (const auto& [sequence, id] : queue.waiting_of.at(customer)) {
        if (++looked_at > candidates_looked_at_max) break;
        auto& stream = streams.at(id);
        if (!std::ranges::binary_search(stream.avoid, node.index)) return &stream;
    }
    return nullptr;
}

/// Of the customer that was served least for its weight.
Stream* Scheduler::State::next_stream(const Node& node, Index model) {
    Stream* first = nullptr;
    std::pair<std::uint64_t, std::uint64_t> least;
    const auto queues_here = queues_for(node, model);
    std::uint64_t clock = 0;
    for (const auto* queue : queues_here) clock = std::max(clock, queue->answers.virtual_time());
    for (auto* queue : queues_here) {
        int looked_at = 0;
        for (const auto& [tag, customer] : queue->answers.waiting()) {
            if (++looked_at > candidates_looked_at_max) break;
            auto* stream = first_for(*queue, customer, node);
            if (stream == nullptr) continue;
            const std::pair served(queue->answers.comparable(tag, clock), stream->sequence);
            if (first == nullptr || served < least) {
                first = stream;
                least = served;
            }
            break;
        }
    }
    return first;
}

/// Gives free stream slots of the node to those who wait.
void Scheduler::State::serve_waiting(Node& node, Slot& slot) {
    while (slot.rank && !stalled) {
        auto* first = next_stream(node, slot.model);
        if (first == nullptr) return;
        // Charged while it still waits: its place in the order is what it is charged from.
        start_on(*first, node, slot);
        stop_waiting(*first);
    }
}

void Scheduler::State::stop_waiting(Stream& stream) {
    auto& queue = *stream.queue;
    queue.waiting.erase(stream.sequence);
    const auto theirs = queue.waiting_of.find(stream.customer->index);
    theirs->second.erase(stream.sequence);
    if (theirs->second.empty()) {
        queue.waiting_of.erase(theirs);
        queue.answers.deactivate(stream.customer->index);
    }
    --models[queue.key.model].waiting_streams;
    --stream.customer->waiting_streams;
    clear_timer(stream.give_up, TimerKind::stream_give_up, stream.id.get());
    if (queue.demanded()) return;
    demanded.erase(queue.index);
    queue.starved_since.reset();
}

/// The stream runs no more.
void Scheduler::State::free_slot(Stream& stream) {
    clear_timer(stream.deadline, TimerKind::stream_deadline, stream.id.get());
    stream.queue->answers.correct(
        stream.customer->index, stream.customer->weight, stream.charged_ms,
        static_cast<std::uint64_t>((now - stream.started).count()) / 1'000);
    --stream.slot->streams;
    stream.slot->used_at = now;
    stream.node->streams.erase(stream.id);
    --running_streams;
    reindex(*stream.node, *stream.slot);
}

void Scheduler::State::erase_stream(StreamId id) {
    streams.erase(id);
}

/// The stream was answered: those who refused it could have done so, too. Only a node that is
/// trusted as much speaks against another.
void Scheduler::State::blame_refusals(const Stream& stream) {
    for (const Index index : stream.refused_by) {
        auto& node = nodes[index];
        const auto found = node.slots.find(stream.slot->model);
        if (found == node.slots.end() || found->second.standing == nullptr) continue;
        auto& standing = *found->second.standing;
        if (&node != stream.node && stream.slot->standing->trust() >= standing.trust())
            check_failed(node, found->second, standing);
    }
}

void Scheduler::State::on(const StreamFinished& event) {
    const auto found = streams.find(event.stream);
    if (found == streams.end() || found->second.node == nullptr) return;
    auto& stream = found->second;
    auto& node = *stream.node;
    auto& slot = *stream.slot;
    const double seconds = static_cast<double>((now - stream.started).count()) / 1e6;
    if (worth_another_node(event.failure)) {
        emit(InterruptStream{event.stream, node.id, event.failure});
        const auto doublings = event.failure == FailureCause::reclaimed
                                   ? 0
                                   : std::min(slot.stream_failures++, backoff_doublings_max);
        slot.stream_backoff_until = now + backoff_first * (1 << doublings);
        set_timer(slot.stream_backoff_until, TimerKind::slot_backoff, node.index, slot.model);
    } else {
        auto& model = models[slot.model];
        model.stream_seconds += (seconds - model.stream_seconds) * 0.1;
        slot.stream_failures = 0;
        if (event.failure == FailureCause::none && is_refused(event.verdict))
            check_failed(node, slot, *slot.standing);
        else if (event.failure == FailureCause::none)
            blame_refusals(stream);
    }
    free_slot(stream);
    erase_stream(event.stream);
    retire_if_free(node, slot);
    serve_waiting(node, slot);
}

void Scheduler::State::on(const StreamAbandoned& event) {
    const auto found = streams.find(event.stream);
    if (found == streams.end()) return;
    auto& stream = found->second;
    if (stream.node == nullptr) {
        stop_waiting(stream);
        erase_stream(event.stream);
        return;
    }
    auto& node = *stream.node;
    auto& slot = *stream.slot;
    emit(StopStream{event.stream, node.id});
    free_slot(stream);
    erase_stream(event.stream);
    retire_if_free(node, slot);
    serve_waiting(node, slot);
}

void Scheduler::State::interrupt_all(Node& node, FailureCause cause) {
    const std::vector<StreamId> running(node.streams.begin(), node.streams.end());
    for (const StreamId id : running) {
        free_slot(streams.at(id));
        erase_stream(id);
        emit(InterruptStream{id, node.id, cause});
    }
}

Duration Scheduler::State::retry_after(const Model& model) const {
    double wait = retry_seconds_unready;
    if (model.stream_slots > 0)
        wait = static_cast<double>(model.waiting_streams + 1) * model.stream_seconds /
               static_cast<double>(model.stream_slots);
    wait = std::clamp(wait, retry_seconds_min, retry_seconds_max);
    return Duration{static_cast<std::int64_t>(wait * 1e6)};
}

void Scheduler::State::refuse(StreamId stream, const Model& model, std::string reason, bool never) {
    emit(RefuseStream{stream, std::move(reason), never ? Duration{0} : retry_after(model), never});
}

void Scheduler::State::on_give_up(Stream& stream) {
    if (stream.node != nullptr) return;
    const auto& key = stream.queue->key;
    const bool ready = !models[key.model].ready.of(key).empty();
    refuse_waiting(stream, stalled ? cannot_save
                           : ready ? "every node is busy"
                                   : "no node has this model ready");
}

void Scheduler::State::on_overdue(Stream& stream) {
    if (stream.node == nullptr || stream.deadline > now) return;
    auto& node = *stream.node;
    auto& slot = *stream.slot;
    const StreamId id = stream.id;
    emit(StopStream{id, node.id});
    free_slot(stream);
    erase_stream(id);
    emit(InterruptStream{id, node.id, FailureCause::timed_out});
    retire_if_free(node, slot);
    serve_waiting(node, slot);
}

}  // namespace gleaner::core
