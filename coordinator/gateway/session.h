#pragma once
/// One node's session: WebSocket messages to events and back. Internal to coordinator/gateway.

#include <boost/asio/awaitable.hpp>

#include "coordinator/gateway/gateway_state.h"
#include "coordinator/gateway/http_exchange.h"
#include "shared/util/clock.h"

namespace gleaner::gateway {

/// A running session as its connection sees it.
class LiveSession {
public:
    virtual ~LiveSession() = default;
    /// The coordinator ends: Goodbye, then the connection closes.
    virtual void shut_down(Duration retry_after) = 0;
};

/// Answers the upgrade request and serves the session until it ends. The connection's peer has a
/// verified certificate.
[[nodiscard]] boost::asio::awaitable<void> run_session(Shared& shared, Connection& connection,
                                                       Request upgrade);

}  // namespace gleaner::gateway
