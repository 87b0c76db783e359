#include "client-core/runtime/node.h"

#include <algorithm>
#include <unistd.h>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>

#include "client-core/bench/cpu_bench.h"
#include "client-core/runtime/enrol.h"
#include "client-core/runtime/node_tools.h"
#include "client-core/runtime/session_connection.h"
#include "shared/async/backoff.h"
#include "shared/async/deadline.h"
#include "shared/proto/wire.pb.h"
#include "shared/tls/contexts.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr Duration reconnect_base = 500ms;
constexpr Duration reconnect_cap = 20s;
constexpr Duration stable_session = 30s;
constexpr Duration engine_grace = 1s;
constexpr Duration cpu_benchmark = 300ms;

ArtefactCacheOptions cache_options(const NodeParts& parts) {
    ArtefactCacheOptions options;
    options.folder = parts.folder.cache_dir();
    options.shared_models = parts.options.shared_models;
    options.quota_bytes = parts.options.disk_quota_bytes;
    options.keep_free_bytes = parts.options.disk_keep_free_bytes;
    return options;
}

std::string_view name_of(NodeView::Session session) {
    switch (session) {
        case NodeView::Session::enrolling:
            return "enrolling";
        case NodeView::Session::connecting:
            return "reconnecting";
        case NodeView::Session::connected:
            return "connected";
        case NodeView::Session::stopping:
            return "stopping";
    }
    return "";
}

void log_failure(const std::exception_ptr& exception) {
    spdlog::error("event=task_failed why=\"{}\"",
                  async_detail::error_from_exception(exception).message());
}

}  // namespace

Node::Node(NodeParts parts, const Clock& clock, const asio::any_io_executor& executor)
    : parts_(std::move(parts)),
      clock_(clock),
      executor_(executor),
      random_(random_seed()),
      source_(parts_.address),
      traffic_(parts_.folder.path() / "traffic", clock),
      metered_(source_, traffic_),
      neighbours_(parts_.address, metered_, traffic_, clock, executor),
      cache_(cache_options(parts_), metered_, clock, executor),
      peer_server_(
          cache_, traffic_, [this](NodeId node) { return neighbours_.vouched(std::move(node)); },
          executor),
      blocking_(executor),
      speeds_(parts_.folder.path() / "speeds.json"),
      trust_(parts_.sandbox, parts_.options.probe, parts_.folder.path(), executor),
      work_(work::WorkLoopOptions{}, clock, *this, executor),
      life_(executor, log_failure),
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
    if (parts_.options.lan_sharing) share_models();
    (void)background_.spawn(work_.run_alarm());
    (void)life_.spawn(live());
    co_await life_.join();
    for (auto& [id, model] : models_) model.host->stop(engine_grace);
    co_await hosting_.join();
    background_.cancel(asio::cancellation_type::terminal);
    co_await background_.join();
    co_await work_.join();
    source_.close_idle();
    neighbours_.close_idle();
    write_status("stopped");
    const bool as_asked =
        stopping_ && outcome_.has_error() && outcome_.error().code() == ErrorCode::cancelled;
    co_return as_asked ? ok() : outcome_;
}

asio::awaitable<void> Node::live() {
    auto becoming = become_someone();
    outcome_ = co_await std::move(becoming);
    if (outcome_.has_error()) co_return;
    measure_devices();
    auto working = work();
    outcome_ = co_await std::move(working);
}

asio::awaitable<Status> Node::become_someone() {
    auto loaded = Credentials::load(parts_.folder.path());
    if (loaded.has_error()) {
        if (parts_.token.empty()) co_return std::move(loaded).error();
        spdlog::warn("event=identity_unusable action=enrol why=\"{}\"", loaded.error().message());
    } else if (auto credentials = std::move(loaded).value()) {
        // An image copied to another machine, or a certificate that ran out while the PC was off.
        const bool same_machine =
            credentials->hardware_fingerprint() == parts_.hardware_fingerprint;
        if (same_machine && credentials->expires() > clock_.wall()) {
            co_return adopt(std::move(*credentials));
        }
        if (parts_.token.empty()) {
            co_return Error(ErrorCode::unauthenticated,
                            same_machine
                                ? "this node's certificate has expired: start it with the token "
                                  "of its site to enrol it again, and check the machine's clock"
                                : "this node's identity was made on another machine: start it "
                                  "with the token of its site to give this one its own");
        }
    }
    auto enrolling = enrol_anew();
    co_return co_await std::move(enrolling);
}

asio::awaitable<Status> Node::enrol_anew() {
    if (parts_.token.empty()) {
        co_return Error(ErrorCode::unauthenticated,
                        "this node is not enrolled: start it with --token (the owner of the site "
                        "makes one with `gleanerctl token new`)");
    }
    GLEANER_CO_TRY(const EnrolmentToken token, EnrolmentToken::parse(parts_.token));
    enrolled_anew_ = true;
    Backoff backoff(reconnect_base, reconnect_cap);
    while (!stopping_) {
        Applicant applicant(parts_.hardware_fingerprint, host_name(),
                            Credentials::kept_release_key(parts_.folder.path()));
        parts_.observer.enrolling(applicant);
        auto asking = enrol(parts_.address, token, std::move(applicant));
        auto answer = co_await std::move(asking);
        if (answer.has_value()) {
            const bool known = answer.value().known_hardware;
            Credentials credentials = std::move(answer.value().credentials);
            spdlog::info("event=enrolled node={} site={} known_hardware={}",
                         credentials.node().get(), credentials.site().get(), known);
            GLEANER_CO_TRY(credentials.save(parts_.folder.path()));
            co_return adopt(std::move(credentials));
        }
        const Error& why = answer.error();
        const bool may_pass = why.code() == ErrorCode::unavailable ||
                              why.code() == ErrorCode::timeout ||
                              why.code() == ErrorCode::resource_exhausted;
        if (!may_pass) co_return why;
        const Duration wait = backoff.next(random_);
        spdlog::warn("event=enrolment_waits why=\"{}\" wait_ms={}", why.message(),
                     wait.count() / 1'000);
        enter(NodeView::Session::enrolling, why.message());
        (void)co_await wake_.wait_for(wait);
    }
    co_return Error(ErrorCode::cancelled, "stopped before it was enrolled");
}

void Node::share_models() {
    if (const Status listening = peer_server_.open(); !listening) {
        spdlog::warn("event=models_not_served why=\"{}\"", listening.error().message());
    } else {
        neighbours_.set_port(peer_server_.port());
        (void)background_.spawn(peer_server_.run());
    }
    cache_.take_models_from(neighbours_);
    cache_.on_verified([this](const Sha256& sha256, std::uint64_t size_bytes) {
        (void)background_.spawn(neighbours_.announce(sha256, size_bytes));
    });
}

Status Node::adopt(Credentials credentials) {
    credentials_.emplace(std::move(credentials));
    return use_identity();
}

Status Node::use_identity() {
    const auto& authority = credentials_->authority_pem();
    const auto& certificate = credentials_->certificate_pem();
    const auto& key = credentials_->key();
    GLEANER_TRY(auto to_gateway, tls::node_client_context(authority, certificate, key));
    GLEANER_TRY(auto to_neighbours, tls::neighbour_client_context(authority, certificate, key));
    GLEANER_TRY(auto for_neighbours, tls::gateway_server_context(certificate, key, authority));
    identity_ = std::make_shared<asio::ssl::context>(std::move(to_gateway));
    source_.set_identity(identity_);
    neighbours_.set_identity({identity_,
                              std::make_shared<asio::ssl::context>(std::move(to_neighbours)),
                              credentials_->site()});
    peer_server_.set_identity(std::make_shared<asio::ssl::context>(std::move(for_neighbours)),
                              credentials_->site());
    return ok();
}

asio::awaitable<Status> Node::work() {
    Backoff backoff(reconnect_base, reconnect_cap);
    while (!stopping_) {
        const Time started = clock_.now();
        auto running = session();
        const Status ended = co_await std::move(running);
        if (stopping_) break;
        if (ended.has_error()) {
            auto deciding = after_session(ended.error());
            GLEANER_CO_TRY(co_await std::move(deciding));
        }
        if (clock_.now() - started > stable_session) backoff.reset();
        // Told to come back later, thousands were told the same: spread over half of it.
        const Duration told = std::exchange(retry_after_, {});
        const auto spread = static_cast<std::uint64_t>(told.count()) / 2 + 1;
        const Duration later = told + Duration{static_cast<std::int64_t>(random_.below(spread))};
        const Duration wait = std::max(backoff.next(random_), later);
        spdlog::info("event=reconnecting why=\"{}\" wait_ms={}",
                     ended.has_error() ? ended.error().message() : "the session ended",
                     wait.count() / 1'000);
        enter(NodeView::Session::connecting,
              ended.has_error() ? ended.error().message() : std::string());
        (void)co_await wake_.wait_for(wait);
    }
    // Requests that still run have their grace; shut_down_complete() ends the wait.
    while (!finished_) co_await wake_.wait();
    co_return ok();
}

asio::awaitable<Status> Node::after_session(Error ended) {
    switch (ended.code()) {
        case ErrorCode::permission_denied:
            co_return ended;
        case ErrorCode::unsupported:
            // At the first attempt a wrong port or version; later it may be a network's login page.
            if (!was_connected_) co_return ended;
            break;
        case ErrorCode::unauthenticated: {
            if (parts_.token.empty()) co_return ended;
            // Enrolled a moment ago and refused again: asking once more at once would not help.
            if (enrolled_anew_) break;
            spdlog::warn("event=identity_refused action=enrol why=\"{}\"", ended.message());
            auto enrolling = enrol_anew();
            co_return co_await std::move(enrolling);
        }
        default:
            break;
    }
    co_return ok();
}

void Node::measure_devices() {
    if (!parts_.options.benchmark) return;
    for (auto& device : parts_.devices) {
        if (device.kind != "cpu") continue;
        const auto key = "cpu|" + device.name;
        auto speed = speeds_.find(key);
        if (!speed) {
            const auto measured = measure_cpu(clock_, cpu_benchmark);
            speed = MeasuredSpeed{measured.copy_gib_per_s, measured.fp32_gflops};
            speeds_.record(key, *speed);
        }
        device.copy_gib_per_s = speed->first;
        device.fp32_gflops = speed->second;
    }
}

void Node::write_status(std::string_view state) {
    json::array models;
    for (const auto& [id, model] : models_) {
        models.push_back(json::object{{"sha256", id.get()},
                                      {"device", model.host->device()},
                                      {"phase", to_string(model.host->phase())},
                                      {"problem", model.host->failure().message}});
    }
    const json::object status{
        {"node", credentials_ ? credentials_->node().get() : std::string{}},
        {"site", credentials_ ? credentials_->site().get() : std::string{}},
        {"certificate_expires_s", credentials_ ? credentials_->expires().seconds() : 0},
        {"coordinator", parts_.address.text()},
        {"state", state},
        {"pid", ::getpid()},
        {"models", std::move(models)}};
    parts_.folder.write_status(json::serialize(status));
}

void Node::enter(NodeView::Session session, std::string problem) {
    session_ = session;
    problem_ = std::move(problem);
    write_status(name_of(session));
    tell_observer();
}

void Node::tell_observer() {
    asio::post(executor_, [&observer = parts_.observer] { observer.node_changed(); });
}

NodeView Node::view() const {
    NodeView view;
    view.session = session_;
    view.problem = problem_;
    if (credentials_) {
        view.node = credentials_->node();
        view.site = credentials_->site();
    }
    view.devices = parts_.devices;
    for (const auto& [id, model] : models_) {
        view.models.push_back({id, model.host->device(), model.host->phase(),
                               model.host->failure().message, work_.tokens_per_s(id)});
    }
    view.counts = work_.loop().counts();
    view.totals = work_.totals();
    view.running = work_.running();
    view.disk = cache_.disk_use();
    return view;
}

void Node::send(const wire::ToCoordinator& message) {
    if (!connection_) return;
    connection_->send(message);
    parts_.observer.message_sent(message);
}

void Node::set_limits(const TrafficLimits& limits, std::uint64_t disk_quota) {
    if (limits != traffic_.limits()) traffic_.set_limits(limits);
    const std::uint64_t most = parts_.options.disk_quota_bytes;
    cache_.set_quota(disk_quota > 0 ? std::min(disk_quota, most) : most);
}

std::uint64_t Node::disk_free_bytes() const {
    return cache_.free_bytes();
}

void Node::stop() {
    if (std::exchange(stopping_, true)) return;
    spdlog::info("event=stopping grace_ms={}", parts_.options.shutdown_grace.count() / 1'000);
    enter(NodeView::Session::stopping);
    work_.feed(work::ShutDown{parts_.options.shutdown_grace});
    wake_.notify();
}

void Node::shut_down_complete() {
    finished_ = true;
    if (!connection_) {
        life_.cancel(asio::cancellation_type::terminal);
        return;
    }
    wire::ToCoordinator message;
    message.mutable_goodbye()->set_reason("the node stops");
    send(message);
    connection_->finish();
}

}  // namespace gleaner
