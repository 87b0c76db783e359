/// Starting, stopping and ending requests.

#include <algorithm>
#include <cmath>
#include <utility>

#include "client-core/core/work_loop/state.h"

namespace gleaner::work {

void DeviceTime::advance(Time now) {
    if (running > 0) share += static_cast<double>((now - since).count()) / running;
    since = now;
}

void WorkLoop::State::start_work() {
    for (auto& [name, model] : models) {
        if (!model.ready) continue;
        start_streams(name, model);
        start_items(name, model);
    }
}

void WorkLoop::State::start_streams(const Sha256& name, ModelWork& model) {
    while (!model.waiting_streams.empty() && model.running_streams.size() < model.slots) {
        const StreamId id = model.waiting_streams.front();
        model.waiting_streams.pop_front();
        put_back_items(model, model.slots - 1);
        Stream& stream = streams.at(id);
        stream.run = begin_run({.model = name, .device = model.device, .stream = id});
        model.running_streams.insert(stream.run);
        out.push_back(StartRun{stream.run, name, stream.endpoint, std::move(stream.body), id});
    }
}

/// The youngest ones: they have done the least.
void WorkLoop::State::put_back_items(ModelWork& model, std::size_t running_max) {
    while (!model.running_items.empty() &&
           model.running_items.size() + model.running_streams.size() > running_max) {
        const RunId id = *model.running_items.rbegin();
        const Run run = runs.at(id);
        cancel_run(id);
        leases.at(run.lease).items.at(run.index).run = {};
        model.queue.push_front({run.lease, run.index});
    }
}

void WorkLoop::State::start_items(const Sha256& name, ModelWork& model) {
    if (suspect_runs(model)) return;
    const std::size_t limit = model.slots + model.ahead;
    while (!model.queue.empty() &&
           model.running_items.size() + model.running_streams.size() < limit &&
           waiting_bytes < options.result_bytes_max) {
        const QueuedItem next = model.queue.front();
        Item& item = leases.at(next.lease).items.at(next.index);
        if (item.suspect && !model.running_items.empty()) return;
        model.queue.pop_front();
        item.run = begin_run(
            {.model = name, .device = model.device, .lease = next.lease, .index = next.index});
        model.running_items.insert(item.run);
        out.push_back(StartRun{item.run, name, item.endpoint, item.body, {}});
        if (item.suspect) return;
    }
}

bool WorkLoop::State::suspect_runs(const ModelWork& model) const {
    if (model.running_items.size() != 1) return false;
    const Run& run = runs.at(*model.running_items.begin());
    return leases.at(run.lease).items.at(run.index).suspect;
}

bool WorkLoop::State::give_second_chance(const Run& run, const Outcome& outcome) {
    const FailureCode code = outcome.failure.code;
    if (code != FailureCode::engine_crashed && code != FailureCode::out_of_memory) return false;
    Item& item = leases.at(run.lease).items.at(run.index);
    if (item.suspect) return false;
    item.suspect = true;
    models.at(run.model).queue.push_front({run.lease, run.index});
    return true;
}

RunId WorkLoop::State::begin_run(Run run) {
    DeviceTime& device = devices[run.device];
    device.advance(now);
    ++device.running;
    run.share_at_start = device.share;
    const RunId id{next_run++};
    runs.emplace(id, std::move(run));
    return id;
}

std::optional<std::pair<Run, std::uint64_t>> WorkLoop::State::end_run(RunId id) {
    const auto it = runs.find(id);
    if (it == runs.end()) return std::nullopt;
    Run run = std::move(it->second);
    runs.erase(it);
    DeviceTime& device = devices.at(run.device);
    device.advance(now);
    --device.running;
    const double micros = device.share - run.share_at_start;
    ModelWork& model = models.at(run.model);
    model.running_items.erase(id);
    model.running_streams.erase(id);
    return std::pair{std::move(run), static_cast<std::uint64_t>(std::llround(micros))};
}

void WorkLoop::State::cancel_run(RunId id) {
    if (end_run(id)) out.push_back(CancelRun{id});
}

void WorkLoop::State::take_out(Lease& lease, std::uint32_t index) {
    const auto it = lease.items.find(index);
    body_bytes -= it->second.body.size();
    lease.items.erase(it);
}

void WorkLoop::State::erase_if_over(LeaseId id) {
    const auto it = leases.find(id);
    if (it != leases.end() && it->second.over()) leases.erase(it);
}

/// Forgets a lease with everything that belongs to it, also results not yet sent.
void WorkLoop::State::drop_lease(LeaseId id) {
    const auto it = leases.find(id);
    if (it == leases.end()) return;
    Lease& lease = it->second;
    for (const auto& [index, item] : lease.items) {
        if (!item.run.empty()) cancel_run(item.run);
        body_bytes -= item.body.size();
    }
    if (const auto model = models.find(lease.model); model != models.end()) {
        std::erase_if(model->second.queue, [id](const QueuedItem& q) { return q.lease == id; });
    }
    drop_results_of(id);
    leases.erase(it);
}

/// What is finished goes out first: it stays finished.
void WorkLoop::State::return_lease(LeaseId id, const Failure& reason) {
    flush_results(true);  // may be the end of this very lease
    const auto it = leases.find(id);
    if (it == leases.end()) return;
    std::vector<std::uint32_t> unfinished;
    for (const auto& [index, item] : it->second.items) unfinished.push_back(index);
    if (connected && !unfinished.empty()) {
        out.push_back(SendLeaseReturn{id, std::move(unfinished), reason});
    }
    drop_lease(id);
}

void WorkLoop::State::end_stream(StreamId id, Outcome outcome) {
    const auto it = streams.find(id);
    if (it == streams.end()) return;
    Stream& stream = it->second;
    if (!stream.run.empty()) {
        const RunId run_id = stream.run;
        if (const auto ended = end_run(run_id)) {
            outcome.device_micros = ended->second;
            out.push_back(CancelRun{run_id});
        }
    } else if (const auto model = models.find(stream.model); model != models.end()) {
        std::erase(model->second.waiting_streams, id);
    }
    streams.erase(it);
    if (connected) out.push_back(SendStreamEnd{id, std::move(outcome)});
}

void WorkLoop::State::expire(Time until) {
    std::vector<LeaseId> late_leases;
    for (const auto& [id, lease] : leases) {
        if (lease.deadline <= until && !lease.items.empty()) late_leases.push_back(id);
    }
    const Failure late{.code = FailureCode::timed_out, .message = "not finished by the deadline"};
    for (const LeaseId id : late_leases) return_lease(id, late);
    std::vector<StreamId> late_streams;
    for (const auto& [id, stream] : streams) {
        if (stream.deadline <= until) late_streams.push_back(id);
    }
    for (const StreamId id : late_streams) end_stream(id, {.failure = late});
}

void WorkLoop::State::stop_everything(const Failure& reason) {
    // First everything that costs the owner, then the messages about it.
    std::vector<RunId> running;
    for (const auto& [id, run] : runs) {
        if (!run.is_stream()) running.push_back(id);
    }
    for (const RunId id : running) {
        const Run run = runs.at(id);
        cancel_run(id);
        leases.at(run.lease).items.at(run.index).run = {};
    }
    while (!streams.empty()) end_stream(streams.begin()->first, {.failure = reason});
    while (!leases.empty()) return_lease(leases.begin()->first, reason);
}

}  // namespace gleaner::work
