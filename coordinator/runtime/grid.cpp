#include "coordinator/runtime/grid.h"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "coordinator/runtime/engine_choice.h"
#include "coordinator/runtime/grid_state.h"
#include "coordinator/runtime/wire_words.h"
#include "shared/util/check.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace asio = boost::asio;

Grid::State::State(Options options_, const Clock& clock_, store::StoreExecutor& store_,
                   store::Blobs& blobs_, const asio::any_io_executor& executor_)
    : options(options_),
      clock(clock_),
      store(store_),
      blobs(blobs_),
      executor(executor_),
      timer(executor_),
      retry_timer(executor_),
      offered_timer(executor_),
      price_timer(executor_),
      reservation_timer(executor_),
      offered_counted(clock_.now()),
      reservations_metered(clock_.now()),
      tasks(executor_) {}

void Grid::State::tell(const core::Event& event) {
    events.push_back(event);
    if (executing) return;
    // Also when a command throws: else nothing would ever be executed again.
    struct Done {
        bool& executing;
        ~Done() { executing = false; }
    };
    {
        executing = true;
        const Done done{executing};
        execute_all();
    }
    save_settlements();
}

void Grid::State::execute_all() {
    while (!events.empty()) {
        const core::Event next = std::move(events.front());
        events.pop_front();
        const auto commands = scheduler->on(next, clock.now());
        for (const auto& command : commands)
            std::visit([this](const auto& c) { execute(c); }, command);
        tell_limits();
    }
}

void Grid::State::arm_timer(Time at) {
    if (stopping || (timer_at && *timer_at <= at)) return;
    timer_at = at;
    timer.expires_after(std::max(at - clock.now(), Duration{0}));
    timer.async_wait([this](const boost::system::error_code& problem) {
        if (problem) return;  // re-armed or stopping
        timer_at.reset();
        tell(core::Tick{});
    });
}

const store::EnginePackage* Grid::State::engine_for(const wire::Hello& hello) const {
    return choose_engine(engines, hello);
}

void Grid::State::send(const NodeId& node, const wire::ToNode& message) {
    const auto found = nodes.find(node);
    if (found != nodes.end() && found->second.link != nullptr) found->second.link->send(message);
}

Grid::Grid(Options options, const Clock& clock, store::StoreExecutor& store, store::Blobs& blobs,
           asio::any_io_executor executor)
    : state_(std::make_unique<State>(std::move(options), clock, store, blobs, executor)) {}

Grid::~Grid() = default;

asio::awaitable<Status> Grid::start() {
    struct Kept {
        std::vector<store::EnginePackage> engines;
        std::vector<State::OfferedModel> models;
        std::vector<std::pair<std::string, std::string>> standings;
        std::vector<store::Job> jobs;
        std::vector<store::RunningReservation> reservations;
        std::int64_t epoch = 0;
    };
    std::function<Result<Kept>(store::Store&)> load =
        [now = state_->clock.wall()](store::Store& store) -> Result<Kept> {
        Kept kept;
        GLEANER_TRY(kept.epoch, store.next_epoch());
        GLEANER_TRY(kept.engines, store.engines());
        GLEANER_TRY(kept.standings, store.standings());
        GLEANER_TRY(kept.jobs, store.open_jobs());
        GLEANER_TRY(kept.reservations, store::CustomerContracts(store).running(now));
        GLEANER_TRY(auto models, store.models());
        for (auto& model : models) {
            GLEANER_TRY(auto canaries, store.canaries(model.sha256));
            kept.models.push_back({std::move(model), std::move(canaries), {}, true});
        }
        return kept;
    };
    auto loaded = co_await state_->store.write(std::move(load));
    if (loaded.has_error()) co_return std::move(loaded).error();
    auto kept = std::move(loaded).value();

    const auto first = (static_cast<std::uint64_t>(kept.epoch) << 40U) + 1;
    state_->options.scheduler.first_lease = first;
    state_->next_stream = first;
    state_->scheduler = std::make_unique<core::Scheduler>(state_->options.scheduler);
    state_->engines = std::move(kept.engines);
    for (const auto& [key, json] : kept.standings) state_->scheduler->restore_standing(key, json);
    for (auto& model : kept.models) model_added(model.record, std::move(model.canaries));
    state_->count_offered_later();
    state_->take_reservations(std::move(kept.reservations));
    for (auto& job : kept.jobs) {
        auto taken = co_await state_->take_up_job(std::move(job));
        if (taken.has_error()) co_return std::move(taken).error();
    }
    state_->close_orphaned_reservations();
    state_->meter_reservations_later();
    co_return ok();
}

asio::awaitable<void> Grid::stop() {
    state_->stopping = true;
    state_->timer.cancel();
    state_->retry_timer.cancel();
    state_->offered_timer.cancel();
    state_->price_timer.cancel();
    state_->reservation_timer.cancel();
    co_await state_->tasks.join();
    co_await state_->save_use_now();
    co_await state_->meter_reservations();
    // One more write, so that what was accepted and is still queued is on disk before the end.
    while (state_->saving) {
        std::function<Result<int>(store::Store&)> nothing = [](store::Store&) -> Result<int> {
            return 0;
        };
        (void)co_await state_->store.write(std::move(nothing));
        state_->save_settlements();
    }
}

void Grid::node_joined(const store::Node& node, const wire::Hello& hello, NodeLink& link,
                       std::uint32_t certificate_renew_after_s) {
    auto& entry = state_->nodes[node.id];
    if (entry.link != nullptr && entry.link != &link)
        entry.link->close("the node has opened another session");
    const auto* engine = state_->engine_for(hello);
    entry.link = &link;
    entry.said_goodbye = false;
    entry.trouble = {};
    entry.has_engine = engine != nullptr;
    entry.paused = false;
    entry.told_benchmark = false;
    entry.devices = devices_of(hello, engine);
    entry.facts = {node.id, node.site, node.owner, node.site_certified,
                   device_class_of(hello, engine)};
    state_->use_of_joined(entry);
    state_->welcome_renew_after_s = certificate_renew_after_s;
    state_->welcome_engine = engine;
    state_->welcome_policy = node.site_policy;
    state_->tell(joined_event(node, hello, engine, entry.facts.device_class));

    const auto id = node.id;
    const auto version = hello.software_version();
    state_->store.post_write(
        [id, version](store::Store& store) { return store.touch_node(id, version); },
        [](const Status&) {});
}

void Grid::node_said(const NodeId& node, wire::ToCoordinator&& message) {
    switch (message.body_case()) {
        case wire::ToCoordinator::kCapacity:
            state_->on_capacity(node, message);
            break;
        case wire::ToCoordinator::kResults:
            state_->on_results(node, message);
            break;
        case wire::ToCoordinator::kLeaseReturn:
            state_->on_lease_return(node, message);
            break;
        case wire::ToCoordinator::kStreamDelta:
            state_->on_stream_delta(node, message);
            break;
        case wire::ToCoordinator::kStreamEnd:
            state_->on_stream_end(node, message);
            break;
        case wire::ToCoordinator::kModelState:
            state_->on_model_state(node, message);
            break;
        case wire::ToCoordinator::kBenchmarkReport:
            state_->on_benchmark_report(node, message);
            break;
        case wire::ToCoordinator::kMoneyRequest:
            state_->on_money_request(node, message);
            break;
        case wire::ToCoordinator::kGoodbye:
            if (auto found = state_->nodes.find(node); found != state_->nodes.end())
                found->second.said_goodbye = true;
            break;
        case wire::ToCoordinator::kHeartbeat:
            state_->on_heartbeat(node, message);
            break;
        case wire::ToCoordinator::kHello:
        case wire::ToCoordinator::kRenewRequest:
        case wire::ToCoordinator::BODY_NOT_SET:
            break;  // the gateway's own
    }
}

void Grid::node_left(const NodeId& node, const NodeLink& link, core::LeaveCause cause) {
    const auto found = state_->nodes.find(node);
    if (found == state_->nodes.end() || found->second.link != &link) return;
    found->second.link = nullptr;
    if (found->second.said_goodbye && cause == core::LeaveCause::lost)
        cause = core::LeaveCause::goodbye;
    for (auto& [id, model] : state_->models) model.ready_on.erase(node);
    state_->use_of_left(found->second);
    state_->tell(core::NodeLeft{node, cause});
}

void Grid::cut_off(const NodeId& node, std::string_view reason) {
    const auto found = state_->nodes.find(node);
    if (found == state_->nodes.end()) return;
    auto* link = std::exchange(found->second.link, nullptr);
    if (link != nullptr) {
        wire::ToNode message;
        message.mutable_disenrolled()->set_reason(std::string(reason));
        link->send(message);
        link->close(reason);
    }
    for (auto& [id, model] : state_->models) model.ready_on.erase(node);
    state_->use_of_left(found->second);
    state_->tell(core::NodeLeft{node, core::LeaveCause::cut_off});
}

void Grid::site_policy(const SiteId& site, const std::string& policy) {
    wire::ToNode message;
    message.mutable_site_policy()->set_toml(policy);
    for (const auto& [id, node] : state_->nodes)
        if (node.facts.site == site) state_->send(id, message);
}

void Grid::drain(const NodeId& node, std::string_view reason) {
    wire::ToNode message;
    message.mutable_drain()->set_reason(std::string(reason));
    state_->send(node, message);
    state_->tell(core::NodeDrained{node});
}

void Grid::model_added(const store::Model& model, std::vector<store::Canary> canaries) {
    core::ModelOffered offered;
    offered.model = model.sha256;
    offered.memory_bytes = static_cast<std::uint64_t>(model.memory_bytes);
    offered.slots = static_cast<std::uint32_t>(model.slots);
    offered.canaries = static_cast<std::uint32_t>(canaries.size());
    auto& entry = state_->models[model.sha256];
    entry.record = model;
    entry.canaries = std::move(canaries);
    entry.offered = true;
    state_->tell(offered);
}

void Grid::model_removed(const store::Model& model) {
    state_->tell(core::ModelWithdrawn{model.sha256});
    const auto found = state_->models.find(model.sha256);
    if (found == state_->models.end()) return;
    found->second.offered = false;
    found->second.canaries.clear();
    for (auto& [id, node] : state_->nodes) node.trouble.failed_models.erase(model.sha256);
}

void Grid::engine_added(const store::EnginePackage& engine) {
    state_->engines.push_back(engine);
    // A node learns its engine when it joins: those that found none come back for it.
    for (auto& [id, node] : state_->nodes)
        if (node.link != nullptr && !node.has_engine)
            node.link->close("a new engine package is there: reconnect");
}

std::vector<core::Scheduler::NodeView> Grid::nodes() const {
    return state_->scheduler->nodes();
}

NodeTrouble Grid::trouble(const NodeId& node) const {
    const auto found = state_->nodes.find(node);
    if (found == state_->nodes.end() || found->second.link == nullptr) return {};
    return found->second.trouble;
}

std::uint64_t Grid::largest_memory() const {
    return state_->scheduler->largest_memory();
}

core::Scheduler::Totals Grid::totals() const {
    return state_->scheduler->totals();
}

const GridCounters& Grid::counters() const {
    return state_->counters;
}

void Grid::open_job(const store::Job& job) {
    state_->opening.emplace(job.id, false);  // before the task runs, so that no cancel is missed
    // A job whose every line failed validation has no item to lend: it drains at once.
    const bool spawned =
        state_->tasks.spawn([](State& state, store::Job record) -> asio::awaitable<void> {
            const auto id = record.id;
            const auto taken = co_await state.take_up_job(std::move(record));
            if (taken.has_error())
                spdlog::error("event=job_not_opened job={} why=\"{}\"", id.get(),
                              taken.error().message());
        }(*state_, job));
    GLEANER_CHECK(spawned, "the grid's tasks are unbounded");
}

void Grid::cancel_job(const JobId& job) {
    const auto found = state_->jobs.find(job);
    if (found == state_->jobs.end()) {
        if (const auto soon = state_->opening.find(job); soon != state_->opening.end())
            soon->second = true;
        return;
    }
    found->second.cancelled = true;
    state_->tell(core::JobCancelled{job});
}

void Grid::customer_weighed(const CustomerId& customer, std::int32_t weight) {
    state_->tell(core::CustomerWeighed{customer, static_cast<std::uint32_t>(weight)});
}

std::optional<store::JobCounts> Grid::live_counts(const JobId& job) const {
    const auto found = state_->jobs.find(job);
    if (found == state_->jobs.end()) return std::nullopt;
    return found->second.counts;
}

bool Grid::model_available(const Sha256& model) const {
    const auto found = state_->models.find(model);
    return found != state_->models.end() && found->second.offered &&
           !found->second.ready_on.empty();
}

StreamId Grid::open_stream(StreamRequest request, StreamSink& sink) {
    const StreamId id{state_->next_stream++};
    core::StreamRequested event;
    event.stream = id;
    event.customer = request.customer;
    event.weight = static_cast<std::uint32_t>(request.weight);
    event.own_sites_of = request.own_sites_of;
    event.model = request.model.sha256;
    event.privacy = request.privacy;
    event.reservation = request.reservation;
    event.avoid = request.avoid;
    event.refused_by = request.refused_by;
    event.give_up = state_->clock.now() + request.give_up_after;
    state_->streams.emplace(id, State::LiveStream{std::move(request), &sink, {}, 0});
    asio::post(state_->executor, [state = state_.get(), event = std::move(event)] {
        if (state->streams.contains(event.stream)) state->tell(event);
    });
    return id;
}

std::uint64_t Grid::close_stream(StreamId stream) {
    if (!state_->streams.contains(stream)) return 0;
    const auto ended = state_->forget_stream(stream);
    state_->cut_off_stream(ended, LossCause::cancelled);
    state_->tell(core::StreamAbandoned{stream});
    return ended.device_micros;
}

std::optional<NodeFacts> Grid::facts(const NodeId& node) const {
    const auto found = state_->nodes.find(node);
    if (found == state_->nodes.end()) return std::nullopt;
    return found->second.facts;
}

}  // namespace gleaner::runtime
