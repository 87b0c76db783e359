#include "client-core/runtime/node.h"

#include <algorithm>
#include <unistd.h>

#include <boost/json.hpp>

#include "client-core/bench/cpu_bench.h"
#include "client-core/runtime/enrol.h"
#include "client-core/runtime/session_connection.h"
#include "client-core/runtime/version.h"
#include "client-core/runtime/wire_words.h"
#include "shared/async/backoff.h"
#include "shared/async/deadline.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/contexts.h"
#include "shared/util/check.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr Duration dial_limit = 15s;
constexpr Duration silence_max = 45s;
constexpr Duration welcome_limit = 15s;
constexpr Duration renew_retry = std::chrono::minutes(5);
constexpr Duration engine_grace = 1s;

ArtefactCacheOptions cache_options(const NodeParts& parts) {
    ArtefactCacheOptions options;
    options.folder = parts.folder.cache_dir();
    options.quota_bytes = parts.options.disk_quota_bytes;
    options.keep_free_bytes = parts.options.disk_keep_free_bytes;
    return options;
}

std::string host_name() {
    std::string name(256, '\0');
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    name.resize(name.find('\0'));
    return name;
}

void log_failure(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& problem) {
        spdlog::error("event=task_failed why=\"{}\"", problem.what());
    }
}

}  // namespace

Node::Node(NodeParts parts, const Clock& clock, const asio::any_io_executor& executor)
    : parts_(std::move(parts)),
      clock_(clock),
      executor_(executor),
      random_(random_seed()),
      source_(parts_.address),
      cache_(cache_options(parts_), source_, clock, executor),
      speeds_(parts_.folder.path() / "speeds.json"),
      trust_(*parts_.sandbox, parts_.options.probe, parts_.folder.path(), executor),
      work_(work::WorkLoopOptions{}, clock, *this, executor),
      hosting_(executor, log_failure),
      background_(executor, log_failure),
      wake_(executor) {}

Node::~Node() = default;

asio::awaitable<Status> Node::run() {
    GLEANER_CO_TRY(cache_.open());
    cache_.on_evicted([this](const Sha256& sha256) {
        wire::ToCoordinator message;
        message.mutable_model_state()->set_sha256(sha256.get());
        message.mutable_model_state()->set_state(wire::ModelState::EVICTED);
        send(message);
    });
    if (!background_.spawn(work_.run_alarm())) co_return ok();
    auto outcome = co_await become_someone();
    if (outcome.has_value()) {
        measure_devices();
        outcome = co_await work();
    }
    for (auto& [id, model] : models_) model.host->stop(engine_grace);
    co_await hosting_.join();
    background_.cancel(asio::cancellation_type::terminal);
    co_await background_.join();
    co_await work_.join();
    source_.close();
    write_status("stopped");
    co_return outcome;
}

asio::awaitable<Status> Node::become_someone() {
    auto loaded = Credentials::load(parts_.folder.path());
    if (loaded.has_error()) co_return std::move(loaded).error();
    auto credentials = std::move(loaded).value();
    // An image copied to another machine, or a certificate that ran out while the PC was off.
    const bool usable = credentials.has_value() &&
                        credentials->hardware_fingerprint() == parts_.hardware_fingerprint &&
                        credentials->expires() > clock_.wall();
    if (usable) co_return adopt(std::move(*credentials));
    if (credentials.has_value() && parts_.token.empty())
        co_return Error(ErrorCode::unauthenticated,
                        "this node's certificate has expired or was made on another machine: start "
                        "it with --token to enrol it again");
    co_return co_await enrol_anew();
}

asio::awaitable<Status> Node::enrol_anew() {
    if (parts_.token.empty())
        co_return Error(ErrorCode::unauthenticated,
                        "this node is not enrolled: start it with --token (the owner makes one "
                        "with `gleanerctl token new`)");
    auto token = EnrolmentToken::parse(parts_.token);
    if (token.has_error()) co_return std::move(token).error();
    Backoff backoff(1s, std::chrono::minutes(1));
    while (!stopping_) {
        Applicant applicant(parts_.hardware_fingerprint, host_name());
        auto asking = enrol(parts_.address, token.value(), std::move(applicant));
        auto answer = co_await std::move(asking);
        if (answer.has_value()) {
            auto enrolled = std::move(answer).value();
            spdlog::info("event=enrolled node={} known_hardware={}",
                         enrolled.credentials.node().get(), enrolled.known_hardware);
            GLEANER_CO_TRY(enrolled.credentials.save(parts_.folder.path()));
            co_return adopt(std::move(enrolled.credentials));
        }
        const auto code = answer.error().code();
        if (code != ErrorCode::unavailable && code != ErrorCode::timeout)
            co_return std::move(answer).error();
        const auto wait = backoff.next(random_);
        spdlog::warn("event=enrolment_waits why=\"{}\" retry_ms={}", answer.error().message(),
                     wait.count() / 1'000);
        (void)co_await wake_.wait_for(wait);
    }
    co_return Error(ErrorCode::cancelled, "stopped before it was enrolled");
}

Status Node::adopt(Credentials credentials) {
    GLEANER_TRY(auto context,
                tls::node_client_context(credentials.authority_pem(), credentials.certificate_pem(),
                                         credentials.key()));
    earlier_identity_ = std::exchange(
        identity_, std::make_shared<asio::ssl::context>(std::move(context)));
    source_.set_identity(*identity_);
    credentials_.emplace(std::move(credentials));
    return ok();
}

asio::awaitable<Status> Node::work() {
    Backoff backoff(500ms, std::chrono::minutes(1));
    while (!stopping_) {
        const auto started = clock_.now();
        auto ended = co_await session();
        if (stopping_) break;
        if (clock_.now() - started > 30s) backoff.reset();
        if (ended.has_error()) {
            const auto& error = ended.error();
            if (error.code() == ErrorCode::permission_denied ||
                error.code() == ErrorCode::unsupported)
                co_return ended;
            if (error.code() == ErrorCode::unauthenticated) {
                GLEANER_CO_TRY(co_await enrol_anew());
                continue;
            }
        }
        const auto wait = std::max(backoff.next(random_), std::exchange(retry_after_, {}));
        spdlog::info("event=reconnecting why=\"{}\" wait_ms={}",
                     ended.has_error() ? ended.error().message() : "the session ended",
                     wait.count() / 1'000);
        write_status("reconnecting");
        (void)co_await wake_.wait_for(wait);
    }
    if (!finished_) (void)co_await wake_.wait_for(parts_.options.shutdown_grace + 2s);
    co_return ok();
}

asio::awaitable<Status> Node::session() {
    const auto identity = identity_;  // a renewal must not take it from under the connection
    auto opened =
        co_await SessionConnection::open(parts_.address, *identity, dial_limit, silence_max);
    if (opened.has_error()) co_return std::move(opened).error();
    connection_ = std::move(opened).value();
    TaskGroup sending(executor_, log_failure);
    auto* connection = connection_.get();
    if (!sending.spawn(connection->run_sender())) co_return ok();
    auto ended = co_await converse();
    const auto closing = std::move(connection_);  // from here on nothing more is sent
    work_.feed(work::Disconnected{});
    if (!finished_) closing->abort();
    co_await sending.join();
    co_return ended;
}

asio::awaitable<Status> Node::converse() {
    say_hello();
    auto receiving = connection_->receive();
    auto first = co_await with_deadline(std::move(receiving), welcome_limit);
    if (first.has_error()) co_return std::move(first).error();
    if (!first.value().has_welcome()) co_return on_message(std::move(first).value());
    const auto& welcome = first.value().welcome();
    on_welcome(welcome);
    TaskGroup timers(executor_, log_failure);
    const auto interval = std::chrono::milliseconds(std::max(1'000U, welcome.heartbeat_interval_ms()));
    (void)timers.spawn(heartbeats(interval));
    (void)timers.spawn(renewals());
    Status outcome = ok();
    while (outcome.has_value()) {
        auto message = co_await connection_->receive();
        if (message.has_error()) {
            outcome = std::move(message).error();
            break;
        }
        outcome = on_message(std::move(message).value());
    }
    timers.cancel(asio::cancellation_type::terminal);
    co_await timers.join();
    co_return outcome;
}

void Node::say_hello() {
    wire::ToCoordinator message;
    auto& hello = *message.mutable_hello();
    hello.set_protocol(wire::protocol_version);
    hello.set_software_version(std::string(software_version));
    hello.set_os(std::string(system_name()));
    hello.set_arch(std::string(machine_architecture()));
    for (const auto& device : parts_.devices) {
        auto& said = *hello.add_devices();
        said.set_id(device.id);
        said.set_kind(device.kind);
        said.set_name(device.name);
        said.set_driver(device.driver);
        said.set_memory_bytes(device.memory_bytes);
        said.set_copy_gib_per_s(device.copy_gib_per_s);
        said.set_fp32_gflops(device.fp32_gflops);
    }
    for (const auto& sha256 : cache_.complete()) hello.add_cached_artefacts(sha256.get());
    for (const auto& held : work_.loop().held()) {
        auto& lease = *hello.add_held_leases();
        lease.set_lease_id(held.lease.get());
        for (const auto index : held.unfinished) lease.add_unfinished(index);
    }
    send(message);
}

void Node::on_welcome(const wire::Welcome& welcome) {
    engine_ = {};
    if (welcome.has_engine())
        engine_ = {Sha256{welcome.engine().sha256()}, welcome.engine().size_bytes()};
    renew_at_ = clock_.now() + std::chrono::seconds(welcome.certificate_renew_after_s());
    spdlog::info("event=connected node={} engine={}", welcome.node_id(),
                 welcome.has_engine() ? welcome.engine().name() + " " + welcome.engine().version()
                                      : "none for this machine yet");
    work::Connected connected;
    for (const auto lease : welcome.keep_leases()) connected.keep.emplace_back(lease);
    work_.feed(std::move(connected));
    for (const auto& [id, model] : models_) report(*model.host);
    write_status("connected");
}

Status Node::on_message(wire::ToNode&& message) {
    switch (message.body_case()) {
        case wire::ToNode::kLease:
            work_.feed(to_event(std::move(*message.mutable_lease())));
            break;
        case wire::ToNode::kLeaseRevoke:
            work_.feed(work::LeaseRevoked{LeaseId{message.lease_revoke().lease_id()}});
            break;
        case wire::ToNode::kStreamStart:
            work_.feed(to_event(std::move(*message.mutable_stream_start())));
            break;
        case wire::ToNode::kStreamCancel:
            work_.feed(work::StreamCancelled{StreamId{message.stream_cancel().stream_id()}});
            break;
        case wire::ToNode::kLoadModel: load_model(message.load_model()); break;
        case wire::ToNode::kUnloadModel:
            if (auto found = models_.find(Sha256{message.unload_model().sha256()});
                found != models_.end())
                found->second.host->stop(engine_grace);
            break;
        case wire::ToNode::kRenewResponse:
            on_renewed(message.renew_response().certificate_pem(),
                       message.renew_response().renew_after_s());
            break;
        case wire::ToNode::kDrain:
            spdlog::info("event=draining why=\"{}\"", printable(message.drain().reason(), 200, false));
            work_.feed(work::Drain{message.drain().reason()});
            break;
        case wire::ToNode::kDisenrolled:
            Credentials::erase(parts_.folder.path());
            work_.feed(work::Reclaim{"this node has been disenrolled"});
            return Error(ErrorCode::permission_denied,
                         "the coordinator has disenrolled this node: " +
                             printable(message.disenrolled().reason(), 200, false));
        case wire::ToNode::kGoodbye:
            retry_after_ = std::chrono::milliseconds(message.goodbye().retry_after_ms());
            break;
        case wire::ToNode::kWelcome:
        case wire::ToNode::BODY_NOT_SET: break;
    }
    return ok();
}

void Node::load_model(const wire::LoadModel& order) {
    const Sha256 id{order.model().sha256()};
    const auto device = std::ranges::find(parts_.devices, order.device(), &NodeDevice::id);
    const auto found = models_.find(id);
    if (found != models_.end() && found->second.running) {
        report(*found->second.host);
        return;
    }
    if (device == parts_.devices.end() || engine_.sha256.empty()) {
        wire::ToCoordinator message;
        auto& state = *message.mutable_model_state();
        state.set_sha256(id.get());
        state.set_state(wire::ModelState::FAILED);
        state.set_device(order.device());
        state.mutable_failure()->set_code(wire::Failure::UNSUPPORTED);
        state.mutable_failure()->set_message("no such device, or no engine for this node");
        send(message);
        return;
    }
    ModelOrder wanted;
    wanted.model = {id, order.model().size_bytes()};
    wanted.engine = engine_;
    wanted.context_tokens = order.model().context_tokens();
    wanted.slots = parts_.options.slots != 0 ? parts_.options.slots
                                             : std::max(1U, order.model().slots());
    wanted.memory_bytes = order.model().memory_bytes();
    wanted.embeddings = order.model().embeddings();
    wanted.device = *device;
    const ModelHostNeeds needs{cache_,         *parts_.sandbox,
                               trust_,         speeds_,
                               parts_.options, clock_,
                               parts_.folder.runtime_dir(), credentials_->release_key(),
                               executor_,      *this};
    models_[id] = {std::make_unique<ModelHost>(needs, std::move(wanted)), true};
    work_.feed(work::ModelLoading{id});
    GLEANER_CHECK(hosting_.spawn(host_model(id)), "the number of hosted models is not bounded here");
}

asio::awaitable<void> Node::host_model(Sha256 sha256) {
    co_await models_.at(sha256).host->run();
    auto& model = models_.at(sha256);
    model.running = false;
    if (model.host->phase() == ModelHost::Phase::unloaded) models_.erase(sha256);
}

void Node::model_changed(const ModelHost& host) {
    switch (host.phase()) {
        case ModelHost::Phase::downloading:
        case ModelHost::Phase::starting: work_.feed(work::ModelLoading{host.sha256()}); break;
        case ModelHost::Phase::ready:
            work_.feed(work::ModelReady{host.sha256(), host.device(), host.slots()});
            break;
        case ModelHost::Phase::failed:
            spdlog::warn("event=model_failed model={} why=\"{}\"",
                         host.sha256().get().substr(0, 12), host.failure().message);
            work_.feed(work::ModelGone{host.sha256(), host.failure()});
            break;
        case ModelHost::Phase::unloaded:
            work_.feed(work::ModelGone{
                host.sha256(), {work::FailureCode::cancelled, "the model was unloaded", 0, {}}});
            break;
    }
    report(host);
    write_status(connection_ ? "connected" : "reconnecting");
}

void Node::report(const ModelHost& host) {
    wire::ToCoordinator message;
    host.describe(*message.mutable_model_state());
    send(message);
}

void Node::send(const wire::ToCoordinator& message) {
    if (connection_) connection_->send(message);
}

std::shared_ptr<EngineProcess> Node::engine_of(const Sha256& model) {
    const auto found = models_.find(model);
    return found == models_.end() ? nullptr : found->second.host->engine();
}

std::uint64_t Node::disk_free_bytes() const {
    return cache_.free_bytes();
}

asio::awaitable<void> Node::heartbeats(Duration interval) {
    wire::ToCoordinator message;
    message.mutable_heartbeat();
    while (true) {
        co_await sleep_for(interval);
        send(message);
    }
}

asio::awaitable<void> Node::renewals() {
    while (true) {
        const auto now = clock_.now();
        if (now < renew_at_) {
            co_await sleep_for(renew_at_ - now);
            continue;
        }
        renew_at_ = now + renew_retry;
        auto request = credentials_->key().signing_request(credentials_->node().get());
        if (request.has_error()) continue;
        wire::ToCoordinator message;
        message.mutable_renew_request()->set_csr_pem(request.value());
        send(message);
    }
}

void Node::on_renewed(std::string certificate_pem, std::uint32_t renew_after_s) {
    const auto written = credentials_->renew(parts_.folder.path(), std::move(certificate_pem));
    if (written.has_error()) {
        spdlog::error("event=certificate_not_renewed why=\"{}\"", written.error().message());
        return;
    }
    auto context = tls::node_client_context(credentials_->authority_pem(),
                                            credentials_->certificate_pem(), credentials_->key());
    if (context.has_error()) {
        spdlog::error("event=certificate_not_used why=\"{}\"", context.error().message());
        return;
    }
    earlier_identity_ = std::exchange(
        identity_, std::make_shared<asio::ssl::context>(std::move(context).value()));
    source_.set_identity(*identity_);
    renew_at_ = clock_.now() + std::chrono::seconds(renew_after_s);
    spdlog::info("event=certificate_renewed");
}

void Node::measure_devices() {
    if (!parts_.options.benchmark) return;
    for (auto& device : parts_.devices) {
        if (device.kind != "cpu") continue;
        const auto key = "cpu|" + device.name;
        auto speed = speeds_.find(key);
        if (!speed) {
            const auto measured = measure_cpu(clock_, 300ms);
            speed = MeasuredSpeed{measured.copy_gib_per_s, measured.fp32_gflops};
            speeds_.record(key, *speed);
        }
        device.copy_gib_per_s = speed->first;
        device.fp32_gflops = speed->second;
    }
}

void Node::write_status(std::string_view state) {
    json::array models;
    for (const auto& [id, model] : models_)
        models.push_back(json::object{{"sha256", id.get()},
                                      {"device", model.host->device()},
                                      {"ready", model.host->phase() == ModelHost::Phase::ready},
                                      {"problem", model.host->failure().message}});
    const auto counts = work_.loop().counts();
    parts_.folder.write_status(json::serialize(
        json::object{{"node", credentials_ ? credentials_->node().get() : std::string{}},
                     {"state", state},
                     {"items", counts.items},
                     {"streams", counts.streams},
                     {"models", std::move(models)}}));
}

void Node::stop() {
    if (std::exchange(stopping_, true)) return;
    spdlog::info("event=stopping grace_ms={}", parts_.options.shutdown_grace.count() / 1'000);
    work_.feed(work::ShutDown{parts_.options.shutdown_grace});
    wake_.notify();
}

void Node::shut_down_complete() {
    finished_ = true;
    if (connection_) {
        wire::ToCoordinator message;
        message.mutable_goodbye()->set_reason("the node stops");
        connection_->send(message);
        connection_->finish();
    }
    wake_.notify();
}

}  // namespace gleaner
