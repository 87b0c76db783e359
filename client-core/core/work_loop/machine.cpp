#include "client-core/core/work_loop/machine.h"

#include <algorithm>
#include <utility>

#include "client-core/core/work_loop/state.h"
#include "shared/util/check.h"

namespace gleaner::work {

WorkLoop::WorkLoop(WorkLoopOptions options) : state_(std::make_unique<State>(options)) {}
WorkLoop::~WorkLoop() = default;
WorkLoop::WorkLoop(WorkLoop&&) noexcept = default;
WorkLoop& WorkLoop::operator=(WorkLoop&&) noexcept = default;

std::vector<Command> WorkLoop::on(Event event, Time now) {
    state_->now = now;
    std::visit([this](auto& e) { state_->handle(e); }, event);
    state_->settle();
    return std::exchange(state_->out, {});
}

std::vector<HeldLease> WorkLoop::held() const {
    std::vector<HeldLease> held;
    for (const auto& [id, lease] : state_->leases) {
        if (!lease.whole || lease.refused.code != FailureCode::none) continue;
        std::set<std::uint32_t> unfinished = lease.unsent;
        for (const auto& [index, item] : lease.items) unfinished.insert(index);
        if (!unfinished.empty()) held.push_back({id, {unfinished.begin(), unfinished.end()}});
    }
    return held;
}

WorkLoop::Counts WorkLoop::counts() const {
    Counts counts;
    counts.leases = state_->leases.size();
    for (const auto& [id, lease] : state_->leases) counts.items += lease.items.size();
    counts.streams = state_->streams.size();
    counts.running = state_->runs.size();
    counts.body_bytes = state_->body_bytes;
    counts.results_waiting = state_->waiting.size();
    return counts;
}

void WorkLoop::State::settle() {
    expire(now);
    if (!stopping()) start_work();
    forget_sent();
    flush_results(false);
    if (shutting_down && !shut_down) finish_shut_down();
    announce_capacity();
    ask_for_wake();
}

std::string WorkLoop::State::closed_because() const {
    if (shutting_down) return "the node is shutting down";
    if (reclaimed || paused) return pause_reason;
    if (draining) return drain_reason;
    return {};
}

Failure WorkLoop::State::refusal(const Sha256& model) const {
    if (stopping()) return {.code = FailureCode::reclaimed, .message = closed_because()};
    if (draining || paused) return {.code = FailureCode::cancelled, .message = closed_because()};
    if (!models.contains(model)) {
        return {.code = FailureCode::artefact_unavailable,
                .message = "model " + model.get() + " is not loaded on this node"};
    }
    return {};
}

void WorkLoop::State::handle(Connected& event) {
    connected = true;
    draining = false;  // the coordinator says so again if it still wants it
    announced.reset();
    std::vector<LeaseId> lost;
    for (const auto& [id, lease] : leases) {
        if (std::find(event.keep.begin(), event.keep.end(), id) == event.keep.end()) {
            lost.push_back(id);
        }
    }
    for (const LeaseId id : lost) drop_lease(id);
    flush_results(true);
}

void WorkLoop::State::handle(Disconnected& /*event*/) {
    connected = false;
    requeue_sent();
    // A half-received lease cannot be completed any more: the coordinator takes it back whole.
    std::vector<LeaseId> partial;
    for (const auto& [id, lease] : leases) {
        if (!lease.whole) partial.push_back(id);
    }
    for (const LeaseId id : partial) drop_lease(id);
    // Nobody waits long for tokens that cannot arrive: another node goes on with these streams.
    while (!streams.empty()) end_stream(streams.begin()->first, {});
}

void WorkLoop::State::handle(LeaseReceived& event) {
    const auto [it, fresh] = leases.try_emplace(event.lease);
    Lease& lease = it->second;
    if (fresh) {
        lease.model = event.model;
        lease.deadline = now + event.deadline;
        lease.refused = refusal(event.model);
    } else if (lease.whole) {
        return;  // a repeated or overlong lease: what is held already counts
    }
    if (body_bytes > 2 * options.body_bytes_max && lease.refused.code == FailureCode::none) {
        lease.refused = {.code = FailureCode::cancelled,
                         .message = "the node holds twice the work it announced room for"};
    }
    accept_items(event.lease, lease, event.items);
    lease.whole = event.last;
    if (lease.whole && lease.refused.code != FailureCode::none) {
        const Failure reason = lease.refused;
        return_lease(event.lease, reason);
        return;
    }
    erase_if_over(event.lease);
}

void WorkLoop::State::accept_items(LeaseId id, Lease& lease,
                                   std::vector<LeaseReceived::Item>& items) {
    for (LeaseReceived::Item& received : items) {
        const auto [item, added] = lease.items.try_emplace(received.index);
        if (!added) continue;
        item->second.endpoint = received.endpoint;
        if (lease.refused.code != FailureCode::none) continue;
        item->second.body = std::move(received.body);
        const std::size_t bytes = item->second.body.size();
        body_bytes += bytes;
        mean_body_bytes += (static_cast<double>(bytes) - mean_body_bytes) / 64;
        models.at(lease.model).queue.push_back({id, received.index});
    }
}

void WorkLoop::State::handle(LeaseRevoked& event) {
    drop_lease(event.lease);
}

void WorkLoop::State::handle(StreamReceived& event) {
    if (streams.contains(event.stream)) return;
    Failure failure = refusal(event.model);
    const auto model = models.find(event.model);
    if (failure.code == FailureCode::none && !model->second.ready) {
        failure = {.code = FailureCode::artefact_unavailable,
                   .message = "model " + event.model.get() + " is not ready on this node"};
    }
    if (failure.code != FailureCode::none) {
        if (connected) out.push_back(SendStreamEnd{event.stream, {.failure = failure}});
        return;
    }
    Stream& stream = streams[event.stream];
    stream.model = event.model;
    stream.endpoint = event.endpoint;
    stream.body = std::move(event.body);
    stream.deadline = now + event.deadline;
    model->second.waiting_streams.push_back(event.stream);
}

void WorkLoop::State::handle(StreamCancelled& event) {
    end_stream(event.stream,
               {.failure = {.code = FailureCode::cancelled, .message = "the customer left"}});
}

void WorkLoop::State::handle(RunEnded& event) {
    const auto ended = end_run(event.run);
    if (!ended) return;
    const auto& [run, micros] = *ended;
    event.outcome.device_micros = micros;
    if (run.is_stream()) {
        streams.at(run.stream).run = {};
        end_stream(run.stream, std::move(event.outcome));
        return;
    }
    Lease& lease = leases.at(run.lease);
    lease.items.at(run.index).run = {};
    if (give_second_chance(run, event.outcome)) return;
    take_out(lease, run.index);
    keep_result(run.lease, run.index, std::move(event.outcome));
}

void WorkLoop::State::handle(ModelLoading& event) {
    models[event.model].ready = false;
}

void WorkLoop::State::handle(ModelReady& event) {
    ModelWork& model = models[event.model];
    model.ready = true;
    model.device = event.device;
    model.slots = std::max(1u, event.slots);
    model.slots_most = std::max(model.slots_most, model.slots);
    model.ahead = event.ahead ? std::min(model.slots, options.pipeline) : 0;
    put_back_items(model, model.slots + model.ahead);
}

void WorkLoop::State::handle(ModelGone& event) {
    std::vector<LeaseId> affected;
    for (const auto& [id, lease] : leases) {
        if (lease.model == event.model) affected.push_back(id);
    }
    for (const LeaseId id : affected) return_lease(id, event.reason);
    std::vector<StreamId> interrupted;
    for (const auto& [id, stream] : streams) {
        if (stream.model == event.model) interrupted.push_back(id);
    }
    for (const StreamId id : interrupted) end_stream(id, {.failure = event.reason});
    models.erase(event.model);
}

void WorkLoop::State::handle(Drain& event) {
    draining = true;
    drain_reason = event.reason.empty() ? "draining" : "draining: " + event.reason;
}

void WorkLoop::State::handle(Pause& event) {
    paused = true;
    pause_reason = event.reason;
}

void WorkLoop::State::handle(Resume& /*event*/) {
    paused = false;
    reclaimed = false;
}

void WorkLoop::State::handle(Reclaim& event) {
    reclaimed = true;
    pause_reason = event.reason;
    stop_everything({.code = FailureCode::reclaimed, .message = event.reason});
}

void WorkLoop::State::handle(Prospects& event) {
    prospects = std::move(event);
}

void WorkLoop::State::handle(ShutDown& event) {
    shutting_down = true;
    shut_down_at = now + event.grace;
    std::vector<StreamId> unstarted;
    for (const auto& [id, stream] : streams) {
        if (stream.run.empty()) unstarted.push_back(id);
    }
    const Failure reason{.code = FailureCode::reclaimed, .message = closed_because()};
    for (const StreamId id : unstarted) end_stream(id, {.failure = reason});
}

void WorkLoop::State::handle(Tick& /*event*/) {
    wake.reset();
}

void WorkLoop::check_invariants() const {
    const State& s = *state_;
    std::size_t bytes = 0;
    for (const auto& [id, lease] : s.leases) {
        GLEANER_CHECK(!lease.over(), "a lease with nothing left is kept");
        for (const auto& [index, item] : lease.items) {
            bytes += item.body.size();
            GLEANER_CHECK(!lease.unsent.contains(index), "a finished item is unfinished");
            GLEANER_CHECK(item.run.empty() || s.runs.contains(item.run), "an item's run is lost");
        }
    }
    GLEANER_CHECK(bytes == s.body_bytes, "bytes of bodies are miscounted");
    std::size_t running = 0;
    for (const auto& [sha, model] : s.models) {
        running += model.running_items.size() + model.running_streams.size();
        GLEANER_CHECK(model.running_streams.size() <= model.slots_most, "more streams than slots");
        GLEANER_CHECK(model.running_items.size() <= model.slots + model.ahead,
                      "more items in the engine than wanted");
    }
    GLEANER_CHECK(running == s.runs.size(), "runs are miscounted");
    std::uint32_t on_devices = 0;
    for (const auto& [name, device] : s.devices) on_devices += device.running;
    GLEANER_CHECK(on_devices == s.runs.size(), "device occupancy is miscounted");
    std::size_t result_bytes = 0;
    for (const auto& result : s.waiting) result_bytes += result.outcome.body.size();
    GLEANER_CHECK(result_bytes == s.waiting_bytes, "bytes of results are miscounted");
    if (s.shut_down) GLEANER_CHECK(s.runs.empty() && s.leases.empty(), "work after the end");
}

}  // namespace gleaner::work
