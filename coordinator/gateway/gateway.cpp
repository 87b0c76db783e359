#include "coordinator/gateway/gateway.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "coordinator/gateway/connection.h"
#include "shared/async/deadline.h"
#include "shared/async/task_group.h"
#include "shared/util/log.h"

namespace gleaner::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr Duration evictable_after = 1s;

Error listen_error(const GatewayOptions& options, const boost::system::error_code& code) {
    const auto where = options.address + " port " + std::to_string(options.port);
    if (code == asio::error::address_in_use) {
        return {ErrorCode::failed_precondition,
                "cannot listen for nodes on " + where +
                    ": another program uses this port; stop it or set another gateway port"};
    }
    if (code == asio::error::access_denied) {
        return {ErrorCode::permission_denied,
                "cannot listen for nodes on " + where + ": ports below 1024 need privileges"};
    }
    return {ErrorCode::io_failed, "cannot listen for nodes on " + where + ": " + code.message()};
}

/// Fine enough for the shortest limit, and never dearer than two rounds a second need be.
Duration watch_interval(const GatewayOptions& options) {
    const auto shortest =
        std::min({options.handshake_limit, options.request_limit, options.hello_limit,
                  options.heartbeat_interval, options.closing_limit, options.send_limit});
    return std::clamp<Duration>(shortest / 10, 10ms, 500ms);
}

}  // namespace

struct Gateway::State {
    State(GatewayOptions options, asio::ssl::context context, const GatewayNeeds& needs)
        : shared{.options = std::move(options),
                 .needs = needs,
                 .context = std::move(context),
                 .counters = {},
                 .wrong_tokens = WrongTokens({}),
                 .neighbours = {},
                 .random = Random(random_seed()),
                 .handshaking = {},
                 .serving = {},
                 .handshakes = 0,
                 .handshake_ended = Notification(needs.network),
                 .coarse_now = needs.clock.now(),
                 .stopping = false},
          acceptor(needs.network),
          own_tasks(needs.network, log_failure),
          connections(needs.network, log_failure) {}

    static void log_failure(const std::exception_ptr& exception) {
        try {
            std::rethrow_exception(exception);
        } catch (const std::exception& e) {
            spdlog::error("gateway: a connection failed why=\"{}\"", e.what());
        }
    }

    [[nodiscard]] Status listen();
    [[nodiscard]] asio::awaitable<void> accept_loop();
    [[nodiscard]] asio::awaitable<void> make_room();
    [[nodiscard]] asio::awaitable<void> watch();
    [[nodiscard]] asio::awaitable<void> serve(tcp::socket socket);
    void expire_overdue(ConnectionList& list) const;

    Shared shared;
    tcp::acceptor acceptor;
    TaskGroup own_tasks;
    TaskGroup connections;
};

Status Gateway::State::listen() {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(shared.options.address, error);
    if (error) {
        return Error(ErrorCode::invalid_argument,
                     "the gateway's address \"" + shared.options.address + "\" is no IP address");
    }
    const tcp::endpoint endpoint(address, shared.options.port);
    acceptor.open(endpoint.protocol(), error);
    if (error) return listen_error(shared.options, error);
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (address.is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
    acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return listen_error(shared.options, error);
    return ok();
}

asio::awaitable<void> Gateway::State::accept_loop() {
    while (!shared.stopping) {
        if (shared.handshakes >= shared.options.handshakes_max) co_await make_room();
        auto [error, socket] = co_await acceptor.async_accept(quietly);
        if (shared.stopping) co_return;
        if (error) {
            // Out of descriptors or memory: the backlog waits.
            spdlog::warn("gateway: cannot accept why=\"{}\"", error.message());
            co_await sleep_for(200ms);
            continue;
        }
        ++shared.counters.accepted;
        if (connections.size() >= shared.options.connections_max) {
            ++shared.counters.refused_full;
            continue;
        }
        (void)connections.spawn(serve(std::move(socket)));
    }
}

/// A slow peer is dropped for the next one's sake, but only after it has had a fair second.
asio::awaitable<void> Gateway::State::make_room() {
    while (shared.handshakes >= shared.options.handshakes_max && !shared.stopping) {
        if (!shared.handshaking.empty()) {
            auto& oldest = shared.handshaking.front();
            if (shared.needs.clock.now() - oldest.accepted_at() > evictable_after) {
                oldest.expire();
            }
        }
        (void)co_await shared.handshake_ended.wait_for(100ms);
    }
}

asio::awaitable<void> Gateway::State::serve(tcp::socket socket) {
    Connection connection(shared, std::move(socket));
    co_await connection.run();
}

asio::awaitable<void> Gateway::State::watch() {
    const auto interval = watch_interval(shared.options);
    while (true) {
        co_await sleep_for(interval);
        shared.coarse_now = shared.needs.clock.now();
        expire_overdue(shared.handshaking);
        expire_overdue(shared.serving);
    }
}

void Gateway::State::expire_overdue(ConnectionList& list) const {
    for (auto& connection : list) {
        if (connection.deadline() < shared.coarse_now) connection.expire();
    }
}

Result<std::unique_ptr<Gateway>> Gateway::open(GatewayOptions options, asio::ssl::context context,
                                               const GatewayNeeds& needs) {
    auto state = std::make_unique<State>(std::move(options), std::move(context), needs);
    GLEANER_TRY(state->listen());
    return std::unique_ptr<Gateway>(new Gateway(std::move(state)));
}

Gateway::Gateway(std::unique_ptr<State> state) : state_(std::move(state)) {}
Gateway::~Gateway() = default;

void Gateway::start() {
    (void)state_->own_tasks.spawn(state_->accept_loop());
    (void)state_->own_tasks.spawn(state_->watch());
}

asio::awaitable<void> Gateway::stop() {
    auto& shared = state_->shared;
    shared.stopping = true;
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
    shared.handshake_ended.notify();
    for (auto* list : {&shared.handshaking, &shared.serving}) {
        for (auto& connection : *list) {
            // Spread, so that the fleet does not return in one moment.
            const auto spread = static_cast<std::int64_t>(shared.random.below(9'000'000));
            connection.shut_down(1s + Duration{spread});
        }
    }
    co_await state_->connections.join();
    state_->own_tasks.cancel(asio::cancellation_type::terminal);
    co_await state_->own_tasks.join();
}

void Gateway::replace_context(asio::ssl::context context) {
    state_->shared.context = std::move(context);
}

std::uint16_t Gateway::port() const {
    boost::system::error_code error;
    return state_->acceptor.local_endpoint(error).port();
}

const GatewayCounters& Gateway::counters() const {
    return state_->shared.counters;
}

}  // namespace gleaner::gateway
