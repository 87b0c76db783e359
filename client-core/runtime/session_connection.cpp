#include "client-core/runtime/session_connection.h"

#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "client-core/runtime/gateway_refusal.h"
#include "shared/async/deadline.h"
#include "shared/async/notification.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/tls_failure.h"
#include "shared/tls/tls_stream.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t queued_bytes_max = 64u << 20;
constexpr std::size_t kept_buffer_bytes = 4u << 10;
constexpr Duration closing_limit = 1s;

}  // namespace

struct SessionConnection::Socket {
    explicit Socket(std::unique_ptr<tls::TlsStream> connected)
        : tls(std::move(connected)),
          frames(*tls),
          buffer(wire::message_bytes_max),
          work(tls->get_executor()) {}

    std::unique_ptr<tls::TlsStream> tls;
    websocket::stream<tls::TlsStream&, false> frames;  // false: no code for compression
    beast::flat_buffer buffer;
    std::vector<std::string> queue;
    std::size_t queued_bytes = 0;
    Notification work;
    bool finishing = false;
    bool closed = false;
};

SessionConnection::SessionConnection(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
SessionConnection::~SessionConnection() = default;

namespace {

using Stream = websocket::stream<tls::TlsStream&, false>;

/// A class of its own since it is awaited with a deadline, which wants a Result.
asio::awaitable<Result<bool>> upgrade(Stream& frames, tls::TlsStream& tls, std::string host) {
    websocket::response_type response;
    const auto [error] =
        co_await frames.async_handshake(response, host, "/node/v1/session", quietly);
    if (error == websocket::error::upgrade_declined) {
        co_return gateway_refusal(response.result_int(), response.body());
    }
    if (error) co_return tls::tls_error(error, tls.native_handle());
    if (response[beast::http::field::sec_websocket_protocol] != wire::subprotocol) {
        co_return Error(ErrorCode::unsupported,
                        "the coordinator did not agree to the protocol gleaner.v1");
    }
    co_return true;
}

asio::awaitable<Result<bool>> close_frames(Stream& frames) {
    const websocket::close_reason reason(websocket::close_code::normal);
    const auto [error] = co_await frames.async_close(reason, quietly);
    co_return !error;
}

void set_up(Stream& frames) {
    websocket::stream_base::timeout none{};  // the kernel watches the line, see dial()
    none.handshake_timeout = websocket::stream_base::none();
    none.idle_timeout = websocket::stream_base::none();
    none.keep_alive_pings = false;
    frames.set_option(none);
    websocket::stream_base::decorator protocol([](websocket::request_type& request) {
        request.set(beast::http::field::sec_websocket_protocol, wire::subprotocol);
        request.set(beast::http::field::user_agent, "gleaner-node");
    });
    frames.set_option(std::move(protocol));
    frames.read_message_max(wire::message_bytes_max);
    frames.auto_fragment(false);
    frames.binary(true);
}

}  // namespace

asio::awaitable<Result<std::unique_ptr<SessionConnection>>> SessionConnection::open(
    GatewayAddress address, asio::ssl::context& context, Duration limit, Duration silence_max) {
    auto dialling = dial(address, context, limit, silence_max);
    auto dialled = co_await std::move(dialling);
    if (!dialled) {
        // With TLS 1.3 the server judges our certificate only after the handshake. What fails
        // before is trust in whoever answers there, and a new enrolment would not help.
        const Error& error = dialled.error();
        if (error.code() != ErrorCode::unauthenticated) co_return error;
        co_return Error(ErrorCode::unavailable, error.message());
    }
    auto tls = std::move(dialled).value();
    auto socket = std::make_unique<Socket>(std::move(tls));
    set_up(socket->frames);
    auto upgrading = upgrade(socket->frames, *socket->tls, address.text());
    auto bounded = with_deadline(std::move(upgrading), limit);
    const auto upgraded = co_await std::move(bounded);
    if (!upgraded) co_return upgraded.error().within("coordinator " + address.text());
    co_return std::unique_ptr<SessionConnection>(new SessionConnection(std::move(socket)));
}

void SessionConnection::send(const wire::ToCoordinator& message) {
    Socket& s = *socket_;
    if (s.closed || s.finishing) return;
    if (const Status valid = wire::check(message); !valid) {
        // Never sent: the gateway would end the session over it.
        spdlog::error("event=frame_refused_by_own_check why=\"{}\"", valid.error().message());
        return;
    }
    s.queue.push_back(message.SerializeAsString());
    s.queued_bytes += s.queue.back().size();
    if (s.queued_bytes > queued_bytes_max) {
        spdlog::warn("event=coordinator_too_slow queued_bytes={}", s.queued_bytes);
        abort();
        return;
    }
    s.work.notify();
}

asio::awaitable<void> SessionConnection::run_sender() {
    Socket& s = *socket_;
    while (!s.closed) {
        if (s.queue.empty()) {
            if (s.finishing) break;
            co_await s.work.wait();
            continue;
        }
        if (!co_await write_queued()) break;
    }
    if (s.finishing && !s.closed) {
        auto closing = close_frames(s.frames);
        auto bounded = with_deadline(std::move(closing), closing_limit);
        (void)co_await std::move(bounded);
    }
    abort();
}

asio::awaitable<bool> SessionConnection::write_queued() {
    Socket& s = *socket_;
    const auto batch = std::exchange(s.queue, {});
    const bool several = batch.size() > 1;  // they then share records and system calls
    if (several) s.tls->cork();
    for (const std::string& frame : batch) {
        const auto [error, count] = co_await s.frames.async_write(asio::buffer(frame), quietly);
        if (error) co_return false;
        s.queued_bytes -= frame.size();
    }
    if (several) {
        const auto [error, count] = co_await s.tls->async_flush(quietly);
        if (error) co_return false;
    }
    co_return true;
}

asio::awaitable<Result<wire::ToNode>> SessionConnection::receive() {
    Socket& s = *socket_;
    const auto [error, size] = co_await s.frames.async_read(s.buffer, quietly);
    if (error == websocket::error::closed) {
        co_return Error(ErrorCode::unavailable, "the coordinator closed the session");
    }
    if (error) co_return tls::tls_error(error, s.tls->native_handle());
    wire::ToNode message;
    const std::string_view bytes(static_cast<const char*>(s.buffer.data().data()), size);
    const Status valid = wire::decode(bytes, message);
    s.buffer.consume(size);
    if (s.buffer.capacity() > kept_buffer_bytes) s.buffer.shrink_to_fit();
    if (!valid) co_return valid.error().within("a message of the coordinator");
    co_return std::move(message);
}

void SessionConnection::finish() {
    socket_->finishing = true;
    socket_->work.notify();
}

void SessionConnection::abort() {
    if (std::exchange(socket_->closed, true)) return;
    socket_->tls->close();
    socket_->work.notify();
}

}  // namespace gleaner
