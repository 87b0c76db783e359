#include "coordinator/gateway/connection.h"

#include <algorithm>
#include <array>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "coordinator/gateway/artefact_download.h"
#include "coordinator/gateway/enrolment.h"
#include "coordinator/gateway/node_admission.h"
#include "coordinator/gateway/session.h"
#include "shared/artefact/sha256.h"
#include "shared/proto/lan_check.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/contexts.h"
#include "shared/tls/tls_failure.h"
#include "shared/util/log.h"

namespace gleaner::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr unsigned char tls_handshake_record = 0x16;
constexpr int requests_per_connection_max = 100'000;
constexpr std::uint32_t header_bytes_max = 8 * 1024;

std::string address_of(const asio::ip::tcp::socket& socket) {
    boost::system::error_code error;
    const auto peer = socket.remote_endpoint(error);
    return error ? std::string("unknown") : peer.address().to_string();
}

/// IPv6 customers own whole networks: their first 64 bits are one address to the limits.
std::string limit_key(const std::string& address) {
    boost::system::error_code error;
    const auto parsed = asio::ip::make_address(address, error);
    if (error || !parsed.is_v6() || parsed.to_v6().is_v4_mapped()) return address;
    auto bytes = parsed.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    return asio::ip::address_v6(bytes).to_string();
}

Error request_error(const boost::system::error_code& code) {
    if (code == http::error::body_limit) {
        return {ErrorCode::too_large, "the request's body is longer than " +
                                          std::to_string(wire::enrolment_bytes_max) + " bytes"};
    }
    if (code == http::error::header_limit || code == http::error::buffer_overflow) {
        return {ErrorCode::too_large, "the request's header is longer than " +
                                          std::to_string(header_bytes_max) + " bytes"};
    }
    return {ErrorCode::invalid_argument, "this is no HTTP/1.1 request: " + code.message()};
}

bool is_malformed(const boost::system::error_code& code) {
    // Parser errors have HTTP's category; two of it mean that the peer went away.
    static const auto& category = make_error_code(http::error::bad_method).category();
    return code.category() == category && code != http::error::end_of_stream &&
           code != http::error::partial_message;
}

constexpr std::string_view where_suffix = "/where";
constexpr std::string_view artefacts_prefix = "/node/v1/artefacts/";
constexpr std::string_view neighbours_prefix = "/node/v1/neighbours/";

std::string_view target_of(const Request& request) {
    return {request.target().data(), request.target().size()};
}

bool is_about_neighbours(const Request& request) {
    const auto target = target_of(request);
    return (request.method() == http::verb::post && target.starts_with(artefacts_prefix) &&
            target.ends_with(where_suffix)) ||
           (request.method() == http::verb::get && target.starts_with(neighbours_prefix));
}

/// POST …/artefacts/{sha256}/where, or GET …/neighbours/{node}: 200 if that one may be served.
Reply answer_about_neighbours(Shared& shared, const tls::PeerIdentity& peer,
                              const Request& request) {
    auto name = target_of(request);
    if (request.method() == http::verb::get) {
        const NodeId node{std::string(name.substr(neighbours_prefix.size()))};
        if (shared.neighbours.online(peer.site, node)) return Reply(200);
        return refusal(Error(ErrorCode::not_found, "no such node of this site is connected"));
    }
    name.remove_prefix(artefacts_prefix.size());
    name.remove_suffix(std::min(name.size(), where_suffix.size()));
    const auto sha256 = parse_sha256(name);
    if (sha256.has_error()) return refusal(sha256.error());
    wire::WhereQuestion question;
    const auto decoded = wire::decode(request.body(), question);
    if (decoded.has_error()) return refusal(decoded.error());
    const auto answer =
        shared.neighbours.ask(peer, sha256.value(), question, shared.needs.clock.now());
    if (answer.has_error()) return refusal(answer.error());
    return Reply(200, answer.value().SerializeAsString());
}

}  // namespace

Connection::Connection(Shared& shared, asio::ip::tcp::socket socket)
    : shared_(shared),
      socket_(std::move(socket)),
      address_(address_of(socket_)),
      peer_(Error(ErrorCode::unauthenticated, "no handshake yet")),
      accepted_at_(shared.coarse_now) {
    ++shared_.counters.connections;
    ++shared_.handshakes;
    shared_.handshaking.push_back(*this);
    expect_within(shared_.options.handshake_limit);
}

Connection::~Connection() {
    if (handshaking_) end_handshake();
    --shared_.counters.connections;
}

void Connection::end_handshake() {
    handshaking_ = false;
    unlink();
    --shared_.handshakes;
    shared_.handshake_ended.notify();
}

void Connection::expire() {
    if (std::exchange(expired_, true)) return;
    ++shared_.counters.timeouts;
    boost::system::error_code ignored;
    if (stream_) {
        stream_->close();
    } else {
        socket_.close(ignored);
    }
}

void Connection::shut_down(Duration retry_after) {
    if (session_ != nullptr) {
        session_->shut_down(retry_after);
    } else {
        expire();
    }
}

asio::awaitable<void> Connection::run() {
    if (!co_await shake_hands()) co_return;
    auto upgrade = co_await serve_requests();
    if (upgrade) {
        auto request = std::move(*upgrade);
        upgrade.reset();
        co_await run_session(shared_, *this, std::move(request));
    }
    stream_->end_sending();
    co_await linger();
    stream_->close();
}

asio::awaitable<bool> Connection::shake_hands() {
    std::array<unsigned char, 1> first{};
    boost::system::error_code error;
    socket_.set_option(asio::ip::tcp::no_delay(true), error);
    socket_.non_blocking(true, error);
    const auto [waited] = co_await socket_.async_wait(asio::socket_base::wait_read, quietly);
    if (waited) co_return false;
    socket_.receive(asio::buffer(first), asio::socket_base::message_peek, error);
    if (error) co_return false;
    if (first[0] != tls_handshake_record) {
        co_await refuse_plain_http();
        co_return false;
    }
    stream_.emplace(tls::TlsStream::Socket(std::move(socket_)), shared_.context, tls::Side::server);
    const auto [failed] = co_await stream_->async_handshake(quietly);
    if (failed) {
        ++shared_.counters.handshakes_failed;
        spdlog::debug("gateway: handshake failed address={} why=\"{}\"", address_,
                      tls::tls_error(failed, stream_->native_handle()).message());
        co_await linger();  // so that the alert is not lost with the connection
        co_return false;
    }
    end_handshake();
    shared_.serving.push_back(*this);
    peer_ = tls::peer_identity(stream_->native_handle());
    co_return true;
}

asio::awaitable<void> Connection::refuse_plain_http() {
    ++shared_.counters.plain_http;
    co_await asio::async_write(socket_, asio::buffer(answer_to_plain_http()), quietly);
    boost::system::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    expect_within(shared_.options.closing_limit);
    std::array<char, 1024> rest{};
    for (int i = 0; i < 64; ++i) {
        const auto [error, n] = co_await socket_.async_read_some(asio::buffer(rest), quietly);
        if (error) break;
    }
}

// A socket closed with unread bytes resets the connection, and the peer loses what it was told.
asio::awaitable<void> Connection::linger() {
    auto& socket = stream_->socket();
    if (!socket.is_open()) co_return;
    expect_within(shared_.options.closing_limit);
    boost::system::error_code ignored;
    socket.shutdown(asio::socket_base::shutdown_send, ignored);
    std::array<char, 4096> rest{};
    for (int i = 0; i < 256; ++i) {
        const auto [error, n] = co_await socket.async_read_some(asio::buffer(rest), quietly);
        if (error) break;
    }
}

bool Connection::speaks_node_protocol() const {
    return tls::negotiated_protocol(stream_->native_handle()) == tls::node_protocol;
}

asio::awaitable<std::optional<Request>> Connection::serve_requests() {
    beast::flat_buffer buffer(header_bytes_max + wire::enrolment_bytes_max);
    for (int i = 0; i < requests_per_connection_max && !shared_.stopping; ++i) {
        expect_within(shared_.options.request_limit);
        http::request_parser<http::string_body> parser;
        parser.header_limit(header_bytes_max);
        parser.body_limit(wire::enrolment_bytes_max);
        const auto [error, n] = co_await http::async_read(*stream_, buffer, parser, quietly);
        if (error) {
            if (is_malformed(error)) {
                (void)co_await write_reply(*stream_, refusal(request_error(error)), false);
            }
            co_return std::nullopt;
        }
        auto request = parser.release();
        // Whoever is at the wrong door has been told to go, and is not waited for.
        const bool keep_alive = request.keep_alive() && speaks_node_protocol();
        if (beast::websocket::is_upgrade(request) && request.target() == "/node/v1/session" &&
            peer_.has_value() && buffer.size() == 0 && speaks_node_protocol()) {
            co_return request;
        }
        const auto answered = co_await answer(std::move(request));
        if (answered.has_error() || !keep_alive) co_return std::nullopt;
    }
    co_return std::nullopt;
}

asio::awaitable<Status> Connection::answer(Request request) {
    const bool keep_alive = request.keep_alive();
    // A reply is due whatever the store and the disk take; the peer is not to blame for the time.
    expect_within(shared_.options.send_limit);
    const auto target = request.target();
    if (!speaks_node_protocol()) {
        const Error error(ErrorCode::unsupported,
                          "this is the gateway for nodes: it needs ALPN gleaner/1; customers use "
                          "the API's port");
        co_return co_await write_reply(*stream_, refusal(error), false);
    }
    if (request.method() == http::verb::post && target == "/node/v1/enrol") {
        auto body = std::move(request.body());
        auto reply = co_await answer_enrolment(shared_, std::move(body), limit_key(address_));
        co_return co_await write_reply(*stream_, std::move(reply), keep_alive);
    }
    if (peer_.has_error()) {
        co_return co_await write_reply(*stream_, refusal(peer_.error()), keep_alive);
    }
    if (request.method() == http::verb::get && target.starts_with("/node/v1/artefacts/")) {
        auto peer = peer_.value();
        const auto admitted = co_await admit(shared_.needs.directory, std::move(peer));
        if (admitted.has_error()) {
            co_return co_await write_reply(*stream_, refusal(admitted.error()), keep_alive);
        }
        co_return co_await answer_artefact(shared_, *this, std::move(request));
    }
    if (is_about_neighbours(request)) {
        auto peer = peer_.value();
        const auto admitted = co_await admit(shared_.needs.directory, std::move(peer));
        auto reply = admitted.has_error()
                         ? refusal(admitted.error())
                         : answer_about_neighbours(shared_, peer_.value(), request);
        co_return co_await write_reply(*stream_, std::move(reply), keep_alive);
    }
    const Error nothing(
        target == "/node/v1/session" ? ErrorCode::invalid_argument : ErrorCode::not_found,
        target == "/node/v1/session"
            ? "a session starts with a WebSocket upgrade, and nothing after it"
            : "the gateway has no such path");
    co_return co_await write_reply(*stream_, refusal(nothing), keep_alive);
}

}  // namespace gleaner::gateway
