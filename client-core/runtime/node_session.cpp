/// Node: one session with the coordinator.

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "client-core/runtime/node.h"
#include "client-core/runtime/session_connection.h"
#include "client-core/runtime/version.h"
#include "client-core/runtime/wire_words.h"
#include "shared/async/deadline.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/contexts.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration dial_limit = 15s;
constexpr Duration silence_max = 45s;
constexpr Duration welcome_limit = 15s;
constexpr Duration renew_retry_max = 5min;

void log_failure(const std::exception_ptr& exception) {
    spdlog::error("event=session_task_failed why=\"{}\"",
                  async_detail::error_from_exception(exception).message());
}

}  // namespace

asio::awaitable<Status> Node::session() {
    const auto identity = identity_;  // a renewal must not take it from under the connection
    auto opening = SessionConnection::open(parts_.address, *identity, dial_limit, silence_max);
    auto opened = co_await std::move(opening);
    if (stopping_) co_return Error(ErrorCode::cancelled, "the node stops");
    if (opened.has_error()) co_return std::move(opened).error();
    connection_ = std::move(opened).value();
    TaskGroup sending(executor_, log_failure);
    (void)sending.spawn(connection_->run_sender());
    auto conversing = converse();
    auto ended = co_await std::move(conversing);
    const auto closing = std::move(connection_);  // from here on nothing more is sent
    work_.feed(work::Disconnected{});
    if (!finished_) closing->abort();
    co_await sending.join();
    const bool coming_back = std::exchange(coming_back_, false);
    const bool cut_off = ended.has_error() && ended.error().code() == ErrorCode::permission_denied;
    if (coming_back && !cut_off) co_return ok();  // whatever the line made of it
    co_return ended;
}

asio::awaitable<Status> Node::converse() {
    say_hello();
    auto receiving = connection_->receive();
    auto bounded = with_deadline(std::move(receiving), welcome_limit);
    auto first = co_await std::move(bounded);
    if (first.has_error()) co_return std::move(first).error();
    if (!first.value().has_welcome()) {
        GLEANER_CO_TRY(on_message(std::move(first).value()));
        co_return Error(ErrorCode::unavailable, "the coordinator did not let this node in");
    }
    const wire::Welcome& welcome = first.value().welcome();
    on_welcome(welcome);
    TaskGroup timers(executor_, log_failure);
    (void)timers.spawn(heartbeats(std::chrono::milliseconds(welcome.heartbeat_interval_ms())));
    (void)timers.spawn(renewals());
    if (welcome.has_engine()) (void)timers.spawn(search_devices(welcome.engine().backend()));
    Status outcome = ok();
    while (outcome.has_value()) {
        auto next = connection_->receive();
        auto message = co_await std::move(next);
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
        if (device.evidence == NodeDevice::Evidence::unlisted) continue;
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
    was_connected_ = true;
    keeps_accounts_ = welcome.keeps_accounts();
    enrolled_anew_ = false;
    engine_ = {};
    std::string engine_name = "none for this machine";
    if (welcome.has_engine()) {
        engine_ = {Sha256{welcome.engine().sha256()}, welcome.engine().size_bytes()};
        engine_name = welcome.engine().name() + " " + welcome.engine().version();
    }
    if (welcome.has_site_policy()) on_site_policy(welcome.site_policy().toml());
    renew_at_ = clock_.now() + std::chrono::seconds(welcome.certificate_renew_after_s());
    spdlog::info("event=connected node={} engine=\"{}\"", welcome.node_id(),
                 printable(engine_name, 200, false));
    // What is loaded comes first: the windows that follow are for it.
    for (const auto& [id, model] : models_) report(*model.host);
    if (parts_.options.lan_sharing) {
        for (const auto& [id, size_bytes] : cache_.verified_models()) {
            (void)background_.spawn(neighbours_.announce(id, size_bytes));
        }
    }
    work::Connected connected;
    for (const auto lease : welcome.keep_leases()) connected.keep.emplace_back(lease);
    work_.feed(std::move(connected));
    enter(NodeView::Session::connected);
    tell([](NodeObserver& observer) { observer.connected(); });
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
        case wire::ToNode::kLoadModel:
            load_model(message.load_model());
            break;
        case wire::ToNode::kUnloadModel:
            unload_model(Sha256{message.unload_model().sha256()});
            break;
        case wire::ToNode::kRenewResponse:
            on_renewed(message.renew_response().certificate_pem(),
                       message.renew_response().renew_after_s());
            break;
        case wire::ToNode::kDrain: {
            const std::string reason = printable(message.drain().reason(), 200, false);
            spdlog::info("event=draining why=\"{}\"", reason);
            work_.feed(work::Drain{reason});
            break;
        }
        case wire::ToNode::kDisenrolled:
            return on_disenrolled(message.disenrolled().reason());
        case wire::ToNode::kSitePolicy:
            on_site_policy(message.site_policy().toml());
            break;
        case wire::ToNode::kBenchmarkVerdict:
            tell([verdict = std::move(*message.mutable_benchmark_verdict())](
                     NodeObserver& observer) { observer.benchmark_verdict(verdict); });
            break;
        case wire::ToNode::kNodeMoney:
            tell([money = std::move(*message.mutable_node_money())](NodeObserver& observer) {
                observer.money_told(money);
            });
            break;
        case wire::ToNode::kGoodbye:
            retry_after_ = std::chrono::milliseconds(message.goodbye().retry_after_ms());
            spdlog::info("event=coordinator_says_goodbye why=\"{}\" retry_after_ms={}",
                         printable(message.goodbye().reason(), 200, false),
                         message.goodbye().retry_after_ms());
            break;
        case wire::ToNode::kWelcome:
        case wire::ToNode::BODY_NOT_SET:
            break;
    }
    return ok();
}

void Node::on_site_policy(const std::string& toml) {
    tell([toml](NodeObserver& observer) { observer.site_policy(toml); });
}

void Node::tell(std::function<void(NodeObserver&)> what) {
    asio::post(executor_,
               [&observer = parts_.observer, what = std::move(what)] { what(observer); });
}

bool Node::has_accountant() const {
    return session_ == NodeView::Session::connected && keeps_accounts_;
}

void Node::hand_in(const std::string& signed_report) {
    if (!has_accountant()) return;
    wire::ToCoordinator message;
    message.mutable_benchmark_report()->set_signed_report(signed_report);
    send(message);
}

void Node::ask_for_money(std::uint32_t days) {
    if (!has_accountant()) return;
    wire::ToCoordinator message;
    message.mutable_money_request()->set_days(days);
    send(message);
}

Error Node::on_disenrolled(const std::string& reason) {
    Credentials::erase(parts_.folder.path());
    work_.feed(work::Reclaim{"this node has been disenrolled"});
    return {ErrorCode::permission_denied,
            "the coordinator has disenrolled this node: " + printable(reason, 200, false) +
                ". Its certificate is deleted; to come back it needs a new token of its site"};
}

asio::awaitable<void> Node::heartbeats(Duration interval) {
    while (true) {
        co_await sleep_for(interval);
        wire::ToCoordinator message;
        message.mutable_heartbeat();
        if (uses_gpu()) {
            std::function<GpuReading()> job = read_gpus;
            auto reading = blocking_.run(std::move(job));
            const GpuReading gpu = co_await std::move(reading);
            message.mutable_heartbeat()->set_gpu_percent(gpu.utilisation_percent);
            message.mutable_heartbeat()->set_celsius(gpu.celsius);
            for (const auto& [device, watts] : gpu.watts) {
                if (watts > wire::device_watts_max) continue;
                auto& power = *message.mutable_heartbeat()->add_power();
                power.set_device(device);
                power.set_watts(watts);
            }
        }
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
        // Asked again if no answer comes: often enough to succeed before the certificate ends.
        const Duration left = credentials_->expires() - clock_.wall();
        renew_at_ = now + std::clamp<Duration>(left / 8, 1s, renew_retry_max);
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
    if (const Status used = use_identity(); !used) {
        spdlog::error("event=certificate_not_used why=\"{}\"", used.error().message());
        return;
    }
    // A coordinator that names no time must not be asked without pause.
    renew_at_ = clock_.now() + std::chrono::seconds(std::max(1u, renew_after_s));
    spdlog::info("event=certificate_renewed renew_after_s={}", renew_after_s);
}

}  // namespace gleaner
