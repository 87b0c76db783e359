#include "coordinator/gateway/session.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "coordinator/gateway/connection.h"
#include "coordinator/gateway/enrolment.h"
#include "coordinator/gateway/named_devices.h"
#include "coordinator/gateway/node_admission.h"
#include "coordinator/gateway/node_events.h"
#include "coordinator/gateway/subprotocol.h"
#include "shared/async/task_group.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/tls_failure.h"
#include "shared/util/log.h"

namespace gleaner::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
/// What a session keeps of its read buffer between messages.
constexpr std::size_t kept_buffer_bytes = 2 * 1024;

}  // namespace

/// Life: upgrade → Hello → joined … left → closed. A closing session sends what is queued, then a
/// WebSocket close, and ignores what still comes; the watchdog ends it after closing_limit.
class Session final : public LiveSession, public runtime::NodeLink {
public:
    Session(Shared& shared, Connection& connection, tls::PeerIdentity peer)
        : shared_(shared),
          connection_(connection),
          peer_(std::move(peer)),
          socket_(connection.stream()),
          tasks_(shared.needs.network,
                 [this](const std::exception_ptr& exception) { on_failure(exception); }) {}

    [[nodiscard]] asio::awaitable<void> run(Request upgrade);

    void send(const wire::ToNode& message) override;
    void close(std::string_view reason) override;
    void shut_down(Duration retry_after) override;
    [[nodiscard]] EVP_PKEY* public_key() const override {
        return tls::peer_key(connection_.stream().native_handle());
    }

private:
    enum class Stage : std::uint8_t { opening, joined, left };

    [[nodiscard]] asio::awaitable<bool> accept(Request upgrade);
    [[nodiscard]] asio::awaitable<Status> join();
    [[nodiscard]] asio::awaitable<Result<wire::ToCoordinator>> receive();
    [[nodiscard]] asio::awaitable<void> serve();
    [[nodiscard]] asio::awaitable<void> drain();
    [[nodiscard]] asio::awaitable<bool> write_queued();
    [[nodiscard]] asio::awaitable<void> leave_soon();
    [[nodiscard]] asio::awaitable<void> renew(std::string request_pem);
    [[nodiscard]] asio::awaitable<void> recheck();

    void dispatch(wire::ToCoordinator&& message);
    void begin_close(websocket::close_code code, std::string_view reason, Duration retry_after);
    void refuse(const Error& error);
    void leave();
    void start_drain();
    void heard();
    void note_expiry(WallTime expires);
    void on_failure(const std::exception_ptr& exception);
    void start(asio::awaitable<void> task);
    [[nodiscard]] std::uint32_t renew_after() const;

    Shared& shared_;
    Connection& connection_;
    tls::PeerIdentity peer_;
    websocket::stream<tls::TlsStream&, false> socket_;  // false: no code for compression
    TaskGroup tasks_;
    // One byte more: full before the limit is passed, it would end the session without a word.
    beast::flat_buffer buffer_{wire::message_bytes_max + 1};
    std::vector<std::string> queue_;
    std::size_t queued_bytes_ = 0;  ///< handed to send() and not yet to the socket
    NamedDevices devices_;
    Time certificate_ends_;
    core::LeaveCause cause_ = core::LeaveCause::lost;
    websocket::close_code close_code_ = websocket::close_code::normal;
    Stage stage_ = Stage::opening;
    bool readable_ = true;  ///< until a read fails
    bool draining_ = false;
    bool closing_ = false;
    bool renewing_ = false;
};

asio::awaitable<void> run_session(Shared& shared, Connection& connection, Request upgrade) {
    auto peer = connection.peer().value();
    Session session(shared, connection, std::move(peer));
    co_await session.run(std::move(upgrade));
}

asio::awaitable<void> Session::run(Request upgrade) {
    if (!co_await accept(std::move(upgrade))) co_return;
    connection_.set_session(this);
    ++shared_.counters.sessions;
    auto joined = co_await join();
    if (joined.has_error()) {
        ++shared_.counters.sessions_refused;
        refuse(joined.error());
    }
    co_await serve();
    leave();
    // Whatever ended the reading, the writer gets what the watchdog leaves it, not more.
    connection_.expect_within(shared_.options.closing_limit);
    co_await tasks_.join();
    connection_.set_session(nullptr);
    --shared_.counters.sessions;
    spdlog::debug("gateway: session ended node={} address={}", peer_.node.get(),
                  connection_.address());
}

asio::awaitable<bool> Session::accept(Request upgrade) {
    const std::string offered(upgrade[http::field::sec_websocket_protocol]);
    const auto chosen = choose_subprotocol(offered);
    auto peer = peer_;
    auto admitted = co_await admit(shared_.needs.directory, std::move(peer));
    if (chosen.has_error() || admitted.has_error()) {
        ++shared_.counters.sessions_refused;
        auto reply = refusal(chosen.has_error() ? chosen.error() : admitted.error());
        (void)co_await write_reply(connection_.stream(), std::move(reply), false);
        co_return false;
    }
    const auto never = websocket::stream_base::none();  // the gateway's watchdog keeps deadlines
    const websocket::stream_base::timeout none{never, never, false};
    socket_.set_option(none);
    const auto set_name = [name = chosen.value()](websocket::response_type& response) {
        response.set(http::field::sec_websocket_protocol, name);
    };
    socket_.set_option(websocket::stream_base::decorator(set_name));
    socket_.read_message_max(wire::message_bytes_max);
    socket_.auto_fragment(false);
    socket_.binary(true);
    const auto [error] = co_await socket_.async_accept(upgrade, quietly);
    co_return !error;
}

asio::awaitable<Result<wire::ToCoordinator>> Session::receive() {
    const auto [error, size] = co_await socket_.async_read(buffer_, quietly);
    readable_ = !error;
    if (error) co_return tls::tls_error(error, connection_.stream().native_handle());
    ++shared_.counters.messages_in;
    shared_.counters.bytes_in += size;
    wire::ToCoordinator message;
    const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), size);
    auto decoded = socket_.got_binary()
                       ? wire::decode(bytes, message)
                       : Status(Error(ErrorCode::invalid_argument,
                                      "a node session carries binary messages only"));
    buffer_.consume(size);
    if (buffer_.capacity() > kept_buffer_bytes) buffer_.shrink_to_fit();
    if (decoded.has_error()) co_return std::move(decoded).error();
    co_return message;
}

asio::awaitable<Status> Session::join() {
    connection_.expect_within(shared_.options.hello_limit);
    auto first = co_await receive();
    if (first.has_error()) co_return std::move(first).error();
    if (!first.value().has_hello()) {
        co_return Error(ErrorCode::invalid_argument, "the first message must be Hello");
    }
    const auto& hello = first.value().hello();
    auto version = check_protocol(hello.protocol());
    if (version.has_error()) co_return version;
    // Read anew: the node may have been revoked since the upgrade.
    auto peer = peer_;
    auto admitted = co_await admit(shared_.needs.directory, std::move(peer));
    if (admitted.has_error()) co_return std::move(admitted).error();
    if (closing_) co_return Error(ErrorCode::unavailable, "the coordinator is stopping");
    stage_ = Stage::joined;
    devices_.take(hello);
    note_expiry(peer_.expires);
    heard();
    shared_.neighbours.joined(peer_.site, peer_.node, this);
    shared_.needs.events.joined(admitted.value(), hello, *this, renew_after());
    start(recheck());
    co_return ok();
}

asio::awaitable<void> Session::serve() {
    // Beast aborts the program when a read follows one that failed inside a message.
    while (readable_) {
        auto message = co_await receive();
        if (message.has_value()) {
            if (closing_) continue;
            heard();
            dispatch(std::move(message).value());
            continue;
        }
        // An invalid message leaves the connection usable: the node is told before the end.
        const bool usable = readable_ && connection_.stream().socket().is_open() &&
                            message.error().code() == ErrorCode::invalid_argument;
        if (!usable) co_return;
        refuse(message.error());
    }
}

void Session::dispatch(wire::ToCoordinator&& message) {
    switch (message.body_case()) {
        case wire::ToCoordinator::kHello:
            refuse(Error(ErrorCode::invalid_argument, "Hello came twice"));
            return;
        case wire::ToCoordinator::kRenewRequest:
            if (std::exchange(renewing_, true)) return;  // one at a time
            return start(renew(message.renew_request().csr_pem()));
        case wire::ToCoordinator::kGoodbye:
            cause_ = core::LeaveCause::goodbye;
            shared_.needs.events.said(peer_.node, std::move(message));
            begin_close(websocket::close_code::normal, "", Duration::zero());
            return;
        case wire::ToCoordinator::kModelState:
            if (message.model_state().state() == wire::ModelState::EVICTED) {
                shared_.neighbours.evicted(peer_.node, Sha256{message.model_state().sha256()});
            }
            if (!devices_.allow(message.model_state(), peer_.node)) return;
            [[fallthrough]];
        case wire::ToCoordinator::kCapacity:
        case wire::ToCoordinator::kResults:
        case wire::ToCoordinator::kLeaseReturn:
        case wire::ToCoordinator::kStreamDelta:
        case wire::ToCoordinator::kStreamEnd:
        case wire::ToCoordinator::kBenchmarkReport:
        case wire::ToCoordinator::kMoneyRequest:
        case wire::ToCoordinator::kHeartbeat:  // also: what the devices draw
            shared_.needs.events.said(peer_.node, std::move(message));
            return;
        case wire::ToCoordinator::BODY_NOT_SET:  // decode() refuses it
            return;
    }
}

/// A node may be silent for three intervals, and never outlives its certificate.
void Session::heard() {
    const auto silent_until = shared_.coarse_now + shared_.options.heartbeat_interval * 3;
    connection_.expect_until(std::min(silent_until, certificate_ends_));
}

void Session::note_expiry(WallTime expires) {
    peer_.expires = expires;
    certificate_ends_ = shared_.needs.clock.now() + (expires - shared_.needs.clock.wall());
}

void Session::send(const wire::ToNode& message) {
    if (closing_ || stage_ == Stage::left) return;
    queue_.emplace_back(message.SerializeAsString());
    queued_bytes_ += queue_.back().size();
    if (queued_bytes_ > shared_.options.outgoing_bytes_max) {
        ++shared_.counters.queue_overflows;
        spdlog::warn("gateway: node too slow for its messages node={} queued_bytes={}",
                     peer_.node.get(), queued_bytes_);
        closing_ = true;
        start(leave_soon());
        connection_.stream().close();  // nothing more gets through anyway
        return;
    }
    start_drain();
}

void Session::start_drain() {
    if (std::exchange(draining_, true)) return;
    start(drain());
}

asio::awaitable<void> Session::drain() {
    // Lets whoever is sending finish: its messages then share one record and one system call.
    co_await asio::post(shared_.needs.network, asio::use_awaitable);
    bool writable = true;
    while (writable && !queue_.empty()) writable = co_await write_queued();
    if (writable && closing_ && socket_.is_open()) {
        const websocket::close_reason reason(close_code_);
        co_await socket_.async_close(reason, quietly);
    }
    draining_ = false;
}

asio::awaitable<bool> Session::write_queued() {
    auto batch = std::exchange(queue_, {});
    std::size_t bytes = 0;
    auto& stream = connection_.stream();
    if (batch.size() > 1) stream.cork();
    for (const auto& frame : batch) {
        const auto [error, n] = co_await socket_.async_write(asio::buffer(frame), quietly);
        if (error) co_return false;
        bytes += frame.size();
    }
    if (batch.size() > 1) {
        const auto [error, n] = co_await stream.async_flush(quietly);
        if (error) co_return false;
    }
    queued_bytes_ -= bytes;
    shared_.counters.messages_out += batch.size();
    shared_.counters.bytes_out += bytes;
    co_return true;
}

void Session::close(std::string_view reason) {
    cause_ = core::LeaveCause::cut_off;
    begin_close(websocket::close_code::policy_error, reason, Duration::zero());
}

void Session::shut_down(Duration retry_after) {
    begin_close(websocket::close_code::going_away, "the coordinator is stopping", retry_after);
}

void Session::refuse(const Error& error) {
    ++shared_.counters.messages_refused;
    spdlog::debug("gateway: message refused node={} why=\"{}\"", peer_.node.get(), error.message());
    begin_close(websocket::close_code::policy_error, error.message(), std::chrono::minutes(1));
}

void Session::begin_close(websocket::close_code code, std::string_view reason,
                          Duration retry_after) {
    if (closing_ || stage_ == Stage::left) return;
    if (!reason.empty()) {
        wire::ToNode message;
        message.mutable_goodbye()->set_reason(std::string(reason.substr(0, 512)));
        message.mutable_goodbye()->set_retry_after_ms(
            static_cast<std::uint32_t>(retry_after / 1ms));
        send(message);
    }
    closing_ = true;
    close_code_ = code;
    connection_.expect_within(shared_.options.closing_limit);
    start(leave_soon());
    start_drain();
}

// Never from inside a call of the grid, hence not in begin_close.
asio::awaitable<void> Session::leave_soon() {
    co_await asio::post(shared_.needs.network, asio::use_awaitable);
    leave();
}

void Session::leave() {
    if (std::exchange(stage_, Stage::left) != Stage::joined) return;
    shared_.neighbours.left(peer_.node, this);
    shared_.needs.events.left(peer_.node, *this, cause_);
}

asio::awaitable<void> Session::renew(std::string request_pem) {
    auto issued = co_await shared_.needs.directory.renew(peer_.node, std::move(request_pem));
    renewing_ = false;
    if (issued.has_error()) {
        refuse(issued.error());
        co_return;
    }
    note_expiry(issued.value().expires);
    wire::ToNode message;
    message.mutable_renew_response()->set_certificate_pem(issued.value().pem);
    message.mutable_renew_response()->set_renew_after_s(renew_after());
    send(message);
}

/// Closes the gap between the look-up in join() and the grid's knowledge of this link.
asio::awaitable<void> Session::recheck() {
    auto node = co_await shared_.needs.directory.node(peer_.node);
    if (node.has_value() && node.value().revoked) close("this node has been revoked");
}

std::uint32_t Session::renew_after() const {
    const auto left = peer_.expires - shared_.needs.clock.wall();
    const auto after = left - shared_.options.certificate_validity / 3;
    return static_cast<std::uint32_t>(std::max(Duration::zero(), after) / 1s);
}

void Session::on_failure(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& e) {
        spdlog::error("gateway: session failed node={} why=\"{}\"", peer_.node.get(), e.what());
    }
    connection_.stream().close();
}

void Session::start(asio::awaitable<void> task) {
    // Unbounded, and yet at most five: drain, leave_soon (twice), renew, recheck.
    (void)tasks_.spawn(std::move(task));
}

}  // namespace gleaner::gateway
