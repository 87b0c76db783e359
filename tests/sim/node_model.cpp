#include "tests/sim/node_model.h"

#include <algorithm>

#include "shared/util/check.h"
#include "tests/sim/coordinator_model.h"
#include "tests/sim/truth.h"

namespace gleaner::sim {

NodeModel::NodeModel(NodeTraits traits, const SimOptions& options, World& world,
                     CoordinatorModel& coordinator)
    : traits_(std::move(traits)), options_(options), world_(world), coordinator_(coordinator) {}

// ---- Power and link ----

void NodeModel::power_on() {
    if (powered_) return;
    powered_ = true;
    reclaimed_ = false;
    ++boot_;
    loop_ = std::make_unique<work::WorkLoop>(work::WorkLoopOptions{});
    connect_after(world_.between(100ms, 5s));
}

void NodeModel::power_off() {
    if (!powered_) return;
    powered_ = false;
    linked_ = false;
    welcomed_ = false;
    link_broken_ = true;
    ++session_;
    ++boot_;
    ++wake_;
    runs_.clear();
    for (auto& [model, engine] : engines_) {
        ++engine.generation;
        engine.loading = engine.ready = false;
        engine.running = 0;
        engine.queue.clear();
        if (options_.diskless) engine.cached = false;
    }
    coordinator_.link_silent(*this, world_.between(20s, 45s));
}

void NodeModel::shut_down() {
    if (!powered_) return;
    tell_loop(work::ShutDown{1s});
    const auto boot = boot_;
    world_.after(2s, [this, boot] {
        if (boot != boot_) return;
        const bool heard = linked_ && !link_broken_;
        send([this](CoordinatorModel& coordinator) { coordinator.said_goodbye(*this); });
        // The goodbye is on the wire before the power goes.
        if (heard)
            world_.after(100ms, [this, boot] {
                if (boot == boot_) power_off();
            });
        else
            power_off();
    });
}

void NodeModel::drop_link(Duration noticed) {
    if (!powered_ || link_broken_) return;
    link_broken_ = true;
    const auto session = session_;
    coordinator_.link_silent(*this, world_.between(10s, 45s));
    world_.after(noticed, [this, session] {
        if (session == session_ && linked_) link_refused();
    });
}

void NodeModel::link_refused() {
    if (!powered_) return;
    const bool was_linked = linked_;
    linked_ = false;
    welcomed_ = false;
    link_broken_ = true;
    ++session_;
    if (was_linked) tell_loop(work::Disconnected{});
    connect_after(world_.between(500ms, 8s));
}

void NodeModel::connect_after(Duration delay) {
    if (connecting_) return;
    connecting_ = true;
    world_.after(delay, [this, boot = boot_] {
        connecting_ = false;
        if (!powered_) return;
        if (boot != boot_ || !linked_) connect();
    });
}

void NodeModel::connect() {
    if (linked_) return;
    if (!coordinator_.up()) {
        connect_after(world_.between(500ms, 8s));
        return;
    }
    ++session_;
    linked_ = true;
    link_broken_ = false;
    last_arrival_ = world_.now;
    send([this](CoordinatorModel& coordinator) { coordinator.said_hello(*this); });
}

void NodeModel::send(std::function<void(CoordinatorModel&)> message) {
    if (!linked_) return;
    last_arrival_ = std::max(last_arrival_, world_.now + world_.between(1ms, 80ms));
    const auto arrive = [this, session = session_, message = std::move(message)] {
        if (session == session_ && !link_broken_ && coordinator_.up()) message(coordinator_);
    };
    world_.at(last_arrival_, [this, arrive] { coordinator_.hear(arrive); });
}

core::NodeJoined NodeModel::hello() const {
    core::NodeJoined hello;
    hello.node = traits_.id;
    hello.site = traits_.site;
    hello.owner = traits_.owner;
    hello.certified = traits_.certified;
    hello.engine = "llama.cpp 1 cuda";
    hello.devices = {{"cuda0", "cuda", "GPU class " + std::to_string(traits_.device_class), "1",
                      traits_.memory_bytes}};
    for (const auto& [model, engine] : engines_)
        if (engine.cached) hello.cached.push_back(model);
    for (const auto& held : loop_->held()) hello.held.push_back({held.lease, held.unfinished});
    return hello;
}

// ---- The owner ----

void NodeModel::reclaim(Duration duration) {
    if (!powered_ || reclaimed_) return;
    reclaimed_ = true;
    tell_loop(work::Reclaim{"the user is back"});
    std::vector<Sha256> loaded;
    for (const auto& [model, engine] : engines_)
        if (engine.ready || engine.loading) loaded.push_back(model);
    for (const auto& model : loaded) {
        stop_engine(model, {work::FailureCode::reclaimed, "the user is back", 0, ""});
        say_model(model, core::ModelPhase::unloaded);
    }
    world_.after(duration, [this, boot = boot_] {
        if (boot != boot_) return;
        reclaimed_ = false;
        tell_loop(work::Resume{});
    });
}

// ---- The coordinator's words ----

void NodeModel::welcomed(const std::vector<LeaseId>& keep) {
    welcomed_ = true;
    for (const auto& [model, engine] : engines_) {
        if (engine.ready) say_model(model, core::ModelPhase::ready);
        if (engine.loading) say_model(model, core::ModelPhase::starting);
    }
    tell_loop(work::Connected{keep});
}

void NodeModel::lease(LeaseId id, const Sha256& model, Duration deadline,
                      std::vector<work::LeaseReceived::Item> items) {
    tell_loop(work::LeaseReceived{id, model, deadline, std::move(items), true});
}

void NodeModel::revoke(LeaseId id) {
    tell_loop(work::LeaseRevoked{id});
}

void NodeModel::start_stream(StreamId id, const Sha256& model, std::string body,
                             Duration deadline) {
    tell_loop(work::StreamReceived{id, model, work::Endpoint::chat_completions, std::move(body),
                                   deadline});
}

void NodeModel::cancel_stream(StreamId id) {
    tell_loop(work::StreamCancelled{id});
}

void NodeModel::load(const Sha256& model, std::uint64_t bytes) {
    auto& engine = engines_[model];
    if (engine.ready) {
        say_model(model, core::ModelPhase::ready);
        return;
    }
    if (engine.loading || reclaimed_) return;
    engine.loading = true;
    const auto generation = ++engine.generation;
    Duration takes = world_.between(1s, 5s);
    if (!engine.cached) {
        takes += Duration{static_cast<std::int64_t>(bytes / 20)};  // 20 MB/s
        say_model(model, core::ModelPhase::downloading);
    } else {
        say_model(model, core::ModelPhase::starting);
    }
    const bool fails = world_.random.chance(options_.load_failures);
    world_.after(takes, [this, model, generation, fails] {
        auto& loading = engines_[model];
        if (loading.generation != generation) return;
        loading.loading = false;
        loading.cached = true;
        if (fails)
            say_model(model, core::ModelPhase::failed, core::FailureCause::out_of_memory);
        else
            engine_ready(model);
    });
}

void NodeModel::engine_ready(const Sha256& model) {
    engines_[model].ready = true;
    say_model(model, core::ModelPhase::ready);
    tell_loop(work::ModelReady{model, "cuda0", traits_.slots});
}

void NodeModel::unload(const Sha256& model) {
    stop_engine(model, {work::FailureCode::artefact_unavailable, "unloaded", 0, ""});
    say_model(model, core::ModelPhase::unloaded);
}

void NodeModel::say_model(const Sha256& model, core::ModelPhase phase, core::FailureCause cause) {
    core::ModelStateChanged state;
    state.node = traits_.id;
    state.model = model;
    state.phase = phase;
    state.device = "cuda0";
    state.slots = traits_.slots;
    state.generated_tokens_per_s = traits_.claimed_tokens_per_s;
    state.cause = cause;
    send([state](CoordinatorModel& coordinator) { coordinator.tell(state); });
}

// ---- The engine ----

void NodeModel::stop_engine(const Sha256& model, const work::Failure& why) {
    auto& engine = engines_[model];
    ++engine.generation;
    engine.ready = engine.loading = false;
    engine.running = 0;
    engine.queue.clear();
    std::erase_if(runs_, [&](const auto& entry) { return entry.second.model == model; });
    tell_loop(work::ModelGone{model, why});
}

void NodeModel::crash(const Sha256& model) {
    stop_engine(model, {work::FailureCode::engine_crashed, "the engine died", 0, ""});
    auto& engine = engines_[model];
    engine.loading = true;
    say_model(model, core::ModelPhase::starting);
    world_.after(3s, [this, model, generation = ++engine.generation] {
        auto& starting = engines_[model];
        if (starting.generation != generation) return;
        starting.loading = false;
        engine_ready(model);
    });
}

void NodeModel::run_next(const Sha256& model) {
    auto& engine = engines_[model];
    while (engine.ready && engine.running < traits_.slots && !engine.queue.empty()) {
        const auto id = engine.queue.front();
        engine.queue.pop_front();
        const auto found = runs_.find(id);
        if (found == runs_.end()) continue;
        found->second.running = true;
        ++engine.running;
        const auto truth = truth_of(parse_body(found->second.body), options_, traits_.device_class);
        const double tokens = truth.generated_tokens + 0.1 * truth.prompt_tokens;
        const double seconds = truth.rejected || traits_.rejects
                                   ? 0.01
                                   : tokens * traits_.slots / traits_.tokens_per_s;
        const double jitter = 0.8 + 0.4 * world_.random.unit();
        world_.after(Duration{static_cast<std::int64_t>(seconds * jitter * 1e6) + 1},
                     [this, id, generation = engine.generation] { finish_run(id, generation); });
    }
}

void NodeModel::finish_run(work::RunId id, std::uint64_t generation) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) return;
    const auto run = found->second;
    auto& engine = engines_[run.model];
    if (engine.generation != generation) return;
    const auto truth = truth_of(parse_body(run.body), options_, traits_.device_class);
    if (truth.poison && !traits_.rejects) {
        crash(run.model);
        return;
    }
    runs_.erase(found);
    --engine.running;
    work::Outcome outcome;
    outcome.prompt_tokens = truth.prompt_tokens;
    outcome.generated_tokens = truth.generated_tokens;
    outcome.body = truth.answer;
    if (truth.rejected || traits_.rejects)
        outcome.failure = {work::FailureCode::request_rejected, "the prompt is too long", 400, ""};
    else if (traits_.cheats && world_.random.chance(0.7))
        outcome.body = std::to_string(world_.random.below(1'000'000'000));
    tell_loop(work::RunEnded{id, std::move(outcome)});
    run_next(run.model);
}

// ---- The work loop's commands ----

void NodeModel::tell_loop(work::Event event) {
    if (!powered_) return;
    const auto commands = loop_->on(std::move(event), world_.now);
    if (world_.steps % 64 == 0) loop_->check_invariants();
    for (const auto& command : commands) execute(command);
}

void NodeModel::execute(const work::Command& command) {
    if (const auto* start = std::get_if<work::StartRun>(&command)) {
        runs_[start->run] = {start->model, start->body, !start->stream.empty(), false};
        auto& queue = engines_[start->model].queue;
        if (start->stream.empty())
            queue.push_back(start->run);
        else
            queue.push_front(start->run);
        run_next(start->model);
    } else if (const auto* cancel = std::get_if<work::CancelRun>(&command)) {
        const auto found = runs_.find(cancel->run);
        if (found == runs_.end()) return;
        const auto model = found->second.model;
        if (found->second.running) --engines_[model].running;
        runs_.erase(found);
        run_next(model);
    } else if (const auto* results = std::get_if<work::SendResults>(&command)) {
        execute_results(*results);
    } else if (const auto* back = std::get_if<work::SendLeaseReturn>(&command)) {
        core::LeaseReturned event{traits_.id, back->lease, back->unfinished,
                                  cause_of(back->reason.code), back->reason.message};
        send([event](CoordinatorModel& coordinator) { coordinator.tell(event); });
    } else if (const auto* end = std::get_if<work::SendStreamEnd>(&command)) {
        core::StreamFinished event;
        event.stream = end->stream;
        event.failure = cause_of(end->outcome.failure.code);
        event.generated_tokens = end->outcome.generated_tokens;
        send([this, event](CoordinatorModel& coordinator) {
            coordinator.stream_ended(traits_.id, event);
        });
    } else if (const auto* capacity = std::get_if<work::SendCapacity>(&command)) {
        core::CapacityChanged event;
        event.node = traits_.id;
        event.paused = capacity->paused;
        for (const auto& window : capacity->windows)
            event.windows.push_back({window.model, window.items, window.streams});
        send([event](CoordinatorModel& coordinator) { coordinator.capacity_changed(event); });
    } else if (const auto* wake = std::get_if<work::Wake>(&command)) {
        const auto number = ++wake_;  // the latest one counts
        world_.at(wake->at, [this, number] {
            if (number == wake_) tell_loop(work::Tick{});
        });
    }
}

void NodeModel::execute_results(const work::SendResults& command) {
    for (const auto& result : command.results) {
        core::ItemFinished event;
        event.node = traits_.id;
        event.lease = result.lease;
        event.index = result.index;
        event.failure = cause_of(result.outcome.failure.code);
        event.detail = result.outcome.failure.message;
        event.prompt_tokens = result.outcome.prompt_tokens;
        event.generated_tokens = result.outcome.generated_tokens;
        event.device_micros = result.outcome.device_micros;
        event.answer = result.outcome.body;
        send([event](CoordinatorModel& coordinator) { coordinator.item_finished(event); });
    }
}

}  // namespace gleaner::sim
