#include "coordinator/api/server.h"

#include <unordered_set>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "coordinator/api/session.h"
#include "shared/async/deadline.h"
#include "shared/async/task_group.h"
#include "shared/util/check.h"
#include "shared/util/log.h"

namespace gleaner::api {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Over the limit, so many more are told so politely before new connections are just closed.
constexpr std::size_t refusals_at_once = 64;
constexpr Duration sweep_every = std::chrono::milliseconds(500);

void log_failure(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& e) {
        spdlog::error("event=api_session_failed why=\"{}\"", e.what());
    }
}

Error bind_error(const ServerOptions& options, const boost::system::error_code& code) {
    const auto where = options.address + ":" + std::to_string(options.port);
    if (code == asio::error::address_in_use)
        return {ErrorCode::failed_precondition,
                "the API cannot listen on " + where +
                    ": another program uses this port. Stop it, or set api.port"};
    if (code == asio::error::access_denied)
        return {ErrorCode::permission_denied,
                "the API may not listen on " + where + ": choose a port above 1023 (api.port)"};
    return {ErrorCode::failed_precondition, "the API cannot listen on " + where + ": " +
                                                code.message() +
                                                ". Check api.address and api.port"};
}

}  // namespace

struct Server::State {
    State(ServerOptions options_, const Clock& clock_, const asio::any_io_executor& executor_,
          asio::ssl::context& tls_, const Router& router, Authenticator& authenticator,
          std::function<void(const RequestRecord&)> on_request)
        : options(std::move(options_)),
          clock(clock_),
          executor(executor_),
          tls(tls_),
          context{options, clock, router, authenticator, std::move(on_request)},
          acceptor(executor),
          sweep_timer(executor),
          tasks(executor, log_failure) {}

    asio::awaitable<void> accept_loop();
    asio::awaitable<void> serve(tcp::socket socket, bool overloaded);
    asio::awaitable<void> sweep_loop();

    ServerOptions options;
    const Clock& clock;
    asio::any_io_executor executor;
    asio::ssl::context& tls;
    SessionContext context;
    tcp::acceptor acceptor;
    asio::steady_timer sweep_timer;
    bool stopping = false;
    std::uint64_t refused = 0;
    std::unordered_set<Session*> sessions;
    TaskGroup tasks;
};

asio::awaitable<void> Server::State::accept_loop() {
    while (!stopping) {
        tcp::socket socket(executor);
        auto [problem] =
            co_await acceptor.async_accept(socket, asio::as_tuple(asio::use_awaitable));
        if (stopping) break;
        if (problem) {
            // Out of descriptors, mostly: serve those that are here and look again soon.
            spdlog::warn("event=api_accept_failed why=\"{}\"", problem.message());
            co_await sleep_for(std::chrono::milliseconds(100));
            continue;
        }
        const bool overloaded = sessions.size() >= options.sessions_max;
        if (overloaded) ++refused;
        if (sessions.size() >= options.sessions_max + refusals_at_once) continue;
        boost::system::error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        const bool spawned = tasks.spawn(serve(std::move(socket), overloaded));
        GLEANER_CHECK(spawned, "the server's tasks are unbounded");
    }
}

asio::awaitable<void> Server::State::serve(tcp::socket socket, bool overloaded) {
    Session session(tls::TlsStream::Socket(std::move(socket)), tls, context, overloaded);
    sessions.insert(&session);
    std::exception_ptr failure;
    try {
        co_await session.run();
    } catch (...) {
        failure = std::current_exception();
    }
    sessions.erase(&session);
    if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> Server::State::sweep_loop() {
    for (;;) {
        sweep_timer.expires_after(sweep_every);
        co_await sweep_timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (stopping && sessions.empty()) co_return;
        const auto now = clock.now();
        for (auto* session : sessions)
            if (session->deadline() <= now) session->expire_unless_behind();
    }
}

Server::Server(ServerOptions options, const Clock& clock, asio::any_io_executor executor,
               asio::ssl::context& tls, const Router& router, Authenticator& authenticator,
               std::function<void(const RequestRecord&)> on_request)
    : state_(std::make_unique<State>(std::move(options), clock, executor, tls, router,
                                     authenticator, std::move(on_request))) {}

Server::~Server() = default;

Status Server::start() {
    auto& options = state_->options;
    auto& acceptor = state_->acceptor;
    boost::system::error_code problem;
    const auto address = asio::ip::make_address(options.address, problem);
    if (problem) return bind_error(options, problem);
    const tcp::endpoint endpoint(address, options.port);
    acceptor.open(endpoint.protocol(), problem);
    if (!problem) acceptor.set_option(tcp::acceptor::reuse_address(true), problem);
    if (!problem) acceptor.bind(endpoint, problem);
    if (!problem) acceptor.listen(asio::socket_base::max_listen_connections, problem);
    if (problem) return bind_error(options, problem);
    const bool spawned =
        state_->tasks.spawn(state_->accept_loop()) && state_->tasks.spawn(state_->sweep_loop());
    GLEANER_CHECK(spawned, "the server's tasks are unbounded");
    return ok();
}

std::uint16_t Server::port() const {
    boost::system::error_code ignored;
    return state_->acceptor.local_endpoint(ignored).port();
}

std::size_t Server::sessions() const {
    return state_->sessions.size();
}

std::uint64_t Server::refused_sessions() const {
    return state_->refused;
}

asio::awaitable<void> Server::stop(Duration grace) {
    state_->stopping = true;
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
    for (auto* session : state_->sessions) session->drain();
    const auto until = state_->clock.now() + grace;
    while (!state_->sessions.empty() && state_->clock.now() < until)
        co_await sleep_for(std::chrono::milliseconds(20));
    for (auto* session : state_->sessions) session->expire();
    state_->sweep_timer.cancel();
    co_await state_->tasks.join();
}

}  // namespace gleaner::api
