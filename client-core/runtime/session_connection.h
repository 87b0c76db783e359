#pragma once
/// The WebSocket of one node session: frames in both directions, nothing about their meaning.

#include <cstddef>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "client-core/runtime/dial.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::wire {
class ToCoordinator;
class ToNode;
}  // namespace gleaner::wire

namespace gleaner {

/// Single-threaded. Before it is destroyed receive() and run_sender() must have returned.
class SessionConnection {
public:
    /// Dials, upgrades to the protocol's WebSocket. The context must outlive the connection.
    /// Errors: those of dial(); the gateway's refusal in its words (unauthenticated: unknown or
    /// superseded certificate; permission_denied: revoked; unsupported: versions).
    [[nodiscard]] static boost::asio::awaitable<Result<std::unique_ptr<SessionConnection>>> open(
        GatewayAddress address, boost::asio::ssl::context& context, Duration limit,
        Duration silence_max);
    SessionConnection(const SessionConnection&) = delete;
    SessionConnection& operator=(const SessionConnection&) = delete;
    ~SessionConnection();

    /// Queues a frame. When more than 64 MiB wait the coordinator is too slow: the connection is
    /// closed.
    void send(const wire::ToCoordinator& message);
    /// Sends what is queued until the connection ends. Call once.
    [[nodiscard]] boost::asio::awaitable<void> run_sender();
    /// The next message, checked. Any error ends the connection.
    [[nodiscard]] boost::asio::awaitable<Result<wire::ToNode>> receive();

    /// Sends what is queued, says goodbye to the WebSocket, and closes. receive() then ends.
    void finish();
    /// Closes now.
    void abort();

private:
    struct Socket;
    explicit SessionConnection(std::unique_ptr<Socket> socket);
    [[nodiscard]] boost::asio::awaitable<bool> write_queued();
    std::unique_ptr<Socket> socket_;
};

}  // namespace gleaner
