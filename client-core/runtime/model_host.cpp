#include "client-core/runtime/model_host.h"

#include <algorithm>
#include <utility>

#include "client-core/bench/llama_bench.h"
#include "client-core/runtime/engine_devices.h"
#include "client-core/runtime/wire_words.h"
#include "shared/async/backoff.h"
#include "shared/async/deadline.h"
#include "shared/async/task_group.h"
#include "shared/proto/wire.pb.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration progress_interval = 1s;
constexpr Duration restart_base = 500ms;
constexpr Duration restart_cap = 30s;
constexpr std::size_t crashes_max = 5;
constexpr Duration crash_window = 10min;
constexpr Duration throttled_work = 100ms;
constexpr Duration throttled_rest = 300ms;
constexpr std::uint64_t context_total_max = 1u << 24;

std::string mib(std::uint64_t bytes) {
    return std::to_string(bytes >> 20) + " MiB";
}

std::uint32_t chosen_slots(const ModelOrder& order, const NodeOptions& options) {
    std::uint64_t slots = std::clamp(order.slots, 1u, 256u);
    if (options.slots > 0) slots = std::min<std::uint64_t>(slots, options.slots);
    const std::uint64_t context = std::max(1u, order.context_tokens);
    return static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(context_total_max / context, 1, slots));
}

}  // namespace

std::string_view to_string(ModelHost::Phase phase) {
    switch (phase) {
        case ModelHost::Phase::downloading:
            return "downloading";
        case ModelHost::Phase::starting:
            return "starting";
        case ModelHost::Phase::ready:
            return "ready";
        case ModelHost::Phase::suspended:
            return "suspended";
        case ModelHost::Phase::failed:
            return "failed";
        case ModelHost::Phase::unloaded:
            return "unloaded";
    }
    return "";
}

ModelHost::ModelHost(const ModelHostNeeds& needs, ModelOrder order)
    : needs_(needs),
      order_(std::move(order)),
      slots_(chosen_slots(order_, needs_.options)),
      random_(random_seed()),
      ended_(needs_.executor),
      throttle_changed_(needs_.executor),
      model_held_(needs_.cache.hold(order_.model.sha256)),
      engine_held_(needs_.cache.hold(order_.engine.sha256)) {}

asio::awaitable<void> ModelHost::run() {
    TaskGroup inner(needs_.executor, [this](const std::exception_ptr& exception) {
        fail(async_detail::error_from_exception(exception));
    });
    (void)inner.spawn(serve());
    (void)inner.spawn(take_turns());
    co_await ended_.wait();
    inner.cancel(asio::cancellation_type::terminal);
    co_await inner.join();
    if (engine_) {
        engine_->resume();  // or it could not end by itself
        co_await engine_->stop(stop_grace_);
        engine_.reset();
    }
    if (phase_ != Phase::failed) enter(Phase::unloaded);
}

void ModelHost::stop(Duration grace) {
    stopping_ = true;
    stop_grace_ = grace;
    if (engine_ && grace == Duration{}) engine_->kill();
    ended_.notify();
}

bool ModelHost::suspend() {
    if (phase_ != Phase::ready || !engine_ || !engine_->suspend()) return false;
    resting_ = false;
    enter(Phase::suspended);
    return true;
}

void ModelHost::resume() {
    if (phase_ != Phase::suspended || !engine_) return;
    engine_->resume();
    enter(Phase::ready);
}

void ModelHost::throttle(bool throttled) {
    if (std::exchange(throttled_, throttled) == throttled) return;
    if (!throttled) end_rest();
    throttle_changed_.notify();
}

asio::awaitable<void> ModelHost::take_turns() {
    while (true) {
        if (!throttled_) co_await throttle_changed_.wait();
        co_await sleep_for(throttled_work);
        if (!throttled_ || phase_ != Phase::ready || !engine_) continue;
        resting_ = engine_->suspend();
        co_await sleep_for(throttled_rest);
        end_rest();
    }
}

void ModelHost::end_rest() {
    if (std::exchange(resting_, false) && engine_) engine_->resume();
}

void ModelHost::enter(Phase phase) {
    phase_ = phase;
    needs_.events.model_changed(*this);
}

void ModelHost::fail(const Error& error) {
    fail(to_failure(error));
}

void ModelHost::fail(work::Failure failure) {
    spdlog::error("event=model_failed model={} device={} cause={} why=\"{}\"", sha256().get(),
                  device(), static_cast<int>(failure.code), failure.message);
    failure_ = std::move(failure);
    enter(Phase::failed);
    ended_.notify();
}

asio::awaitable<void> ModelHost::serve() {
    needs_.events.model_changed(*this);
    auto preparing = prepare();
    const Status prepared = co_await std::move(preparing);
    if (!prepared) {
        fail(prepared.error());
        co_return;
    }
    enter(Phase::starting);
    auto checking = check_sandbox();
    const Status safe = co_await std::move(checking);
    if (!safe) {
        const work::Failure unsafe{.code = work::FailureCode::sandbox_unsafe,
                                   .message = safe.error().message()};
        fail(unsafe);
        co_return;
    }
    co_await measure();
    Backoff backoff(restart_base, restart_cap);
    while (true) {
        const Time started = needs_.clock.now();
        auto running = run_engine();
        const Error why = co_await std::move(running);
        if (stopping_) co_return;
        if (phase_ == Phase::suspended) {
            // The system took the memory of an engine that stood still: it is loaded again when it
            // is wanted again, not while the owner is here.
            stop(Duration{});
            co_return;
        }
        spdlog::warn("event=engine_ended model={} device={} why=\"{}\"", sha256().get(), device(),
                     why.message());
        if (!may_start_again(why)) {
            fail(why);
            co_return;
        }
        if (needs_.clock.now() - started > crash_window) backoff.reset();
        enter(Phase::starting);
        co_await sleep_for(backoff.next(random_));
    }
}

asio::awaitable<Status> ModelHost::prepare() {
    GLEANER_CO_TRY(check_memory());
    auto engine_coming = needs_.cache.engine(order_.engine, needs_.release_key, nullptr);
    GLEANER_CO_TRY(const InstalledEngine engine, co_await std::move(engine_coming));
    engine_dir_ = programs_folder(engine);
    has_bench_ = !engine.manifest.bench_path.empty();
    auto model_coming = needs_.cache.model(order_.model, [this](std::uint64_t bytes) {
        downloaded_bytes_ = bytes;
        const Time now = needs_.clock.now();
        if (now - progress_reported_ < progress_interval) return;
        progress_reported_ = now;
        needs_.events.model_changed(*this);
    });
    GLEANER_CO_TRY(model_file_, co_await std::move(model_coming));
    co_return ok();
}

Status ModelHost::check_memory() const {
    if (order_.memory_bytes <= order_.device.memory_bytes) return ok();
    return Error(ErrorCode::resource_exhausted,
                 "model " + sha256().get() + " needs " + mib(order_.memory_bytes) + ", " +
                     order_.device.id + " may use " + mib(order_.device.memory_bytes) +
                     ": choose a smaller quantisation or raise memory_limit");
}

SandboxLimits ModelHost::limits() const {
    SandboxLimits limits;
    // The estimate counts weights that are mapped, and misses what backends allocate besides.
    const std::uint64_t headroom = 1ull << 30;
    limits.memory_bytes = order_.memory_bytes + headroom;
    if (!on_gpu()) limits.memory_bytes = std::min(limits.memory_bytes, order_.device.memory_bytes);
    return limits;
}

asio::awaitable<Status> ModelHost::check_sandbox() {
    SandboxSpec like;
    like.read_only = {{engine_dir_, std::string(sandbox_paths::engine_dir)},
                      {model_file_, std::string(sandbox_paths::model_file)}};
    like.device_nodes = order_.device.device_nodes;
    like.environment = order_.device.environment;
    auto proving = needs_.trust.prove(std::move(like));
    co_return co_await std::move(proving);
}

/// A measurement that fails costs only the first guess of the speed: the scheduler observes anyway.
asio::awaitable<void> ModelHost::measure() {
    const std::string key = order_.engine.sha256.get() + " " + sha256().get() + " " +
                            order_.device.id + " " + order_.device.name;
    if (const auto known = needs_.speeds.find(key)) {
        speed_ = *known;
        co_return;
    }
    if (!needs_.options.benchmark || !has_bench_ || order_.embeddings || throttled_) co_return;
    LlamaBenchSpec spec;
    spec.engine_dir = engine_dir_;
    spec.model_file = model_file_;
    spec.device_nodes = order_.device.device_nodes;
    spec.environment = order_.device.environment;
    spec.limits = limits();
    spec.threads = order_.device.threads;
    spec.gpu_layers = order_.device.gpu_layers;
    spec.device = order_.device.engine_device;
    spec.idle_priority = needs_.options.idle_priority;
    auto measuring = run_llama_bench(needs_.sandbox, std::move(spec), needs_.executor);
    const auto speed = co_await std::move(measuring);
    if (!speed) {
        spdlog::warn("event=model_not_measured model={} why=\"{}\"", sha256().get(),
                     speed.error().message());
        co_return;
    }
    speed_ = {speed.value().prompt_tokens_per_s, speed.value().generated_tokens_per_s};
    needs_.speeds.record(key, speed_);
    spdlog::info(
        "event=model_measured model={} device={} prompt_tokens_per_s={:.1f} "
        "generated_tokens_per_s={:.1f}",
        sha256().get(), device(), speed_.first, speed_.second);
}

asio::awaitable<Error> ModelHost::run_engine() {
    EngineSpec spec;
    spec.engine_dir = engine_dir_;
    spec.model_file = model_file_;
    spec.runtime_dir = needs_.runtime_dir;
    spec.options.slots = slots_;
    spec.options.context_per_slot = std::max(64u, order_.context_tokens);
    spec.options.threads = order_.device.threads;
    spec.options.gpu_layers = order_.device.gpu_layers;
    spec.options.device = order_.device.engine_device;
    spec.options.embeddings = order_.embeddings;
    spec.limits = limits();
    spec.device_nodes = order_.device.device_nodes;
    spec.environment = order_.device.environment;
    spec.idle_priority = needs_.options.idle_priority;
    auto starting = EngineProcess::start(needs_.sandbox, std::move(spec), needs_.executor);
    auto engine = co_await std::move(starting);
    if (!engine) co_return engine.error();
    engine_ = std::move(engine).value();
    spdlog::info("event=engine_ready model={} device={} slots={} pid={}", sha256().get(), device(),
                 slots_, engine_->host_pid());
    enter(Phase::ready);
    const auto serving = engine_;
    const EngineExit exit = co_await serving->wait_exit();
    engine_.reset();
    const ErrorCode code = exit.cause() == EngineExit::Cause::out_of_memory
                               ? ErrorCode::resource_exhausted
                               : ErrorCode::failed_precondition;
    co_return Error(code, "the engine ended: " + exit.reason());
}

bool ModelHost::may_start_again(const Error& error) {
    // What is missing or forbidden stays so; a crash, a timeout or scarce memory may pass.
    const bool passing =
        error.code() == ErrorCode::failed_precondition || error.code() == ErrorCode::timeout ||
        error.code() == ErrorCode::resource_exhausted || error.code() == ErrorCode::io_failed;
    const Time now = needs_.clock.now();
    crashes_.push_back(now);
    while (now - crashes_.front() > crash_window) crashes_.pop_front();
    return passing && crashes_.size() < crashes_max;
}

BenchModel ModelHost::bench_model() const {
    if (!has_bench_ || order_.embeddings || model_file_.empty()) return {};
    return {engine_dir_, model_file_, sha256().get().substr(0, 12)};
}

void ModelHost::describe(wire::ModelState& out) const {
    out.set_sha256(sha256().get());
    out.set_device(device());
    switch (phase_) {
        case Phase::downloading:
            out.set_state(wire::ModelState::DOWNLOADING);
            out.set_downloaded_bytes(downloaded_bytes_);
            break;
        case Phase::starting:
            out.set_state(wire::ModelState::STARTING);
            break;
        case Phase::ready:
            out.set_state(wire::ModelState::READY);
            out.set_slots(slots_);
            out.set_prompt_tokens_per_s(speed_.first);
            out.set_generated_tokens_per_s(speed_.second);
            break;
        case Phase::failed:
            out.set_state(wire::ModelState::FAILED);
            to_wire(failure_, *out.mutable_failure());
            break;
        case Phase::suspended:
        case Phase::unloaded:
            out.set_state(wire::ModelState::UNLOADED);
            break;
    }
}

}  // namespace gleaner
