#include "coordinator/api/session.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "coordinator/api/session_parts.h"
#include "shared/util/log.h"
#include "shared/util/random.h"

namespace gleaner::api {

namespace asio = boost::asio;

namespace {

constexpr Time never{std::numeric_limits<std::int64_t>::max()};
constexpr Duration linger_for = std::chrono::seconds(3);
constexpr std::size_t linger_bytes_max = 32U << 20U;
constexpr int tls_handshake_record = 0x16;

/// Sent in plain text to whoever speaks HTTP to this port.
constexpr std::string_view plain_http_reply =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
    "Content-Length: 144\r\n\r\n"
    R"({"error":{"message":"This port speaks HTTPS: use https:// in the address.",)"
    R"("type":"invalid_request_error","param":null,"code":"https_required"}})";
static_assert(plain_http_reply.size() - plain_http_reply.find('{') == 144);

ApiError overload() {
    ApiError error(503, "server_error", "overloaded",
                   "The server has too many connections; try again soon.");
    return std::move(error).retry_in(std::chrono::seconds(2));
}

}  // namespace

Session::Session(tls::TlsStream::Socket socket, asio::ssl::context& tls,
                 const SessionContext& context, bool overloaded)
    : context_(context),
      stream_(std::move(socket), tls, tls::Side::server),
      overloaded_(overloaded),
      deadline_(context.clock.now() + context.options.handshake_within),
      arrived_(stream_.get_executor()) {}

Session::~Session() = default;

asio::awaitable<void> Session::run() {
    const bool tls = co_await speaks_tls();
    if (tls) {
        auto [problem] = co_await stream_.async_handshake(asio::as_tuple(asio::use_awaitable));
        if (problem) spdlog::debug("event=api_handshake_failed why=\"{}\"", problem.message());
        secure_ = !problem;
    }
    if (secure_) co_await serve_requests();
    stream_.close();
    while (reading_) co_await arrived_.wait();
}

/// Looks at the first byte without taking it.
asio::awaitable<bool> Session::speaks_tls() {
    unsigned char first = 0;
    auto [problem, size] = co_await stream_.socket().async_receive(
        asio::buffer(&first, 1), asio::socket_base::message_peek,
        asio::as_tuple(asio::use_awaitable));
    if (problem || size == 0) co_return false;
    if (first == tls_handshake_record) co_return true;
    if (first < 'A' || first > 'Z') co_return false;
    co_await asio::async_write(stream_.socket(), asio::buffer(plain_http_reply),
                               asio::as_tuple(asio::use_awaitable));
    boost::system::error_code ignored;
    stream_.socket().shutdown(tls::TlsStream::Socket::shutdown_send, ignored);
    // Unread input at close would reset the connection before the reply is read.
    for (std::size_t taken = 0; taken < (64U << 10U);) {
        auto [end, n] = co_await stream_.socket().async_receive(
            asio::buffer(incoming_), asio::as_tuple(asio::use_awaitable));
        if (end || n == 0) break;
        taken += n;
    }
    co_return false;
}

asio::awaitable<void> Session::serve_requests() {
    while (!draining_) {
        const bool go_on = co_await serve_one();
        if (!go_on) break;
    }
}

void Session::expire_unless_behind() {
    // Input that waits while this side reads is no fault of the client's: the server has been
    // slower.
    boost::system::error_code problem;
    const auto unread = stream_.socket().available(problem);
    const bool behind = (reading_ || !secure_) && !problem && unread > 0;
    if (behind) return;
    if (!wants_body_) return expire();
    deadline_ = never;
    body_late_ = true;
    arrived_.notify();
}

void Session::drain() {
    draining_ = true;
    if (!in_request_) expire();
}

void Session::start_read() {
    if (reading_ || input_ended_) return;
    reading_ = true;
    stream_.async_read_some(asio::buffer(incoming_),
                            [this](const boost::system::error_code& problem, std::size_t size) {
                                reading_ = false;
                                if (problem) input_ended_ = true;
                                input_.append(incoming_.data(), size);
                                arrived_.notify();
                                if (input_ended_ && on_gone_) std::exchange(on_gone_, {})();
                            });
}

asio::awaitable<bool> Session::more_input(Time deadline) {
    const auto before = input_.size();
    deadline_ = deadline;
    while (input_.size() == before && !input_ended_ && !body_late_) {
        start_read();
        co_await arrived_.wait();
    }
    deadline_ = never;
    co_return input_.size() > before;
}

asio::awaitable<Session::Arrival> Session::more_body(Time deadline) {
    wants_body_ = true;
    const bool more = co_await more_input(deadline);
    wants_body_ = false;
    const bool late = std::exchange(body_late_, false);
    if (more) co_return Arrival::more;
    co_return late && !input_ended_ ? Arrival::late : Arrival::ended;
}

void Session::watch_client(std::function<void()> on_gone) {
    on_gone_ = std::move(on_gone);
    if (!on_gone_) return;
    if (input_ended_) {
        std::exchange(on_gone_, {})();
        return;
    }
    // Input of a client that pipelines is bounded: reading on waits for the handler.
    if (input_.size() < incoming_.size()) start_read();
}

asio::awaitable<Status> Session::write(std::string bytes) {
    deadline_ = context_.clock.now() + context_.options.write_within;
    auto [problem, size] = co_await asio::async_write(stream_, asio::buffer(bytes),
                                                      asio::as_tuple(asio::use_awaitable));
    deadline_ = never;
    if (problem) co_return Error(ErrorCode::cancelled, "the client is gone");
    co_return ok();
}

asio::awaitable<bool> Session::serve_one() {
    Parser parser(context_.options.header_bytes_max);
    deadline_ = context_.clock.now() + context_.options.idle_within;
    std::optional<Time> begun;
    auto progress = parser.take_head(input_);
    while (progress == Parser::Progress::needs_more) {
        if (!begun && !input_.empty()) begun = context_.clock.now();
        const auto limit = begun ? *begun + context_.options.header_within
                                 : context_.clock.now() + context_.options.idle_within;
        const bool more = co_await more_input(limit);
        if (!more) co_return false;
        progress = parser.take_head(input_);
    }
    in_request_ = true;
    const auto started = context_.clock.now();
    SessionRequest request(*this, context_, parser);
    SessionReply reply(*this, parser, request);
    request.id = RequestId{random_token("req_", 20)};
    std::string_view route = "none";
    ApiStatus outcome = api_ok();
    if (progress == Parser::Progress::refused) {
        outcome = parser.refusal();
    } else if (overloaded_) {
        outcome = overload();
    } else {
        outcome = co_await handle(request, reply);
        route = request.route();
    }
    on_gone_ = {};
    co_await reply.conclude(outcome);
    in_request_ = false;
    if (context_.on_request) {
        context_.on_request(
            {to_string(request.method), route, reply.status(), context_.clock.now() - started});
    }
    if (reply.keeps_connection() && !overloaded_ && !draining_) co_return true;
    if (reply.client_present()) co_await linger();
    co_return false;
}

asio::awaitable<ApiStatus> Session::handle(SessionRequest& request, SessionReply& reply) {
    std::exception_ptr failure;
    try {
        auto prepared = request.read_head();
        if (prepared.has_error()) co_return prepared;
        const auto match = context_.router.match(request.method, request.path);
        if (match.route == nullptr) co_return request.no_route(match, reply);
        const auto& route = *match.route;
        request.enter(route, match.params);
        if (route.access != Access::open) {
            auto caller = co_await context_.authenticator.caller(
                std::string(request.header("authorization")));
            if (caller.has_error()) co_return std::move(caller).error();
            request.caller = std::move(caller).value();
            const bool project = request.caller->principal.kind == store::PrincipalKind::project;
            if (route.access == Access::project && !project)
                co_return ApiError(403, "invalid_request_error", "forbidden",
                                   "This key is not a project's: use a project's API key.");
            const auto scoped = check_scopes(request.caller->principal, route.one_of);
            if (scoped.has_error()) co_return scoped.error();
        }
        co_return co_await route.handler(request, reply);
    } catch (...) {
        failure = std::current_exception();
    }
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& e) {
        co_return ApiError(Error(ErrorCode::internal, e.what()));
    }
}

/// Lets a client that still sends read the reply: closing at once would reset the connection.
asio::awaitable<void> Session::linger() {
    stream_.end_sending();
    const auto until = context_.clock.now() + linger_for;
    for (std::size_t taken = 0; taken < linger_bytes_max;) {
        taken += input_.size();
        input_.clear();
        if (context_.clock.now() > until) co_return;
        const bool more = co_await more_input(until);
        if (!more) co_return;
    }
}

}  // namespace gleaner::api
