#pragma once
/// One accepted connection from its first byte to its end: tells plain HTTP from TLS, shakes hands,
/// answers requests, becomes a session. Internal to coordinator/gateway.

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "coordinator/gateway/gateway_state.h"
#include "coordinator/gateway/http_exchange.h"
#include "shared/tls/peer_identity.h"
#include "shared/tls/tls_stream.h"

namespace gleaner::gateway {

class LiveSession;

/// Lives in the coroutine that runs it. Every wait for the peer has a deadline, kept by the
/// gateway's watchdog: one timer for all connections.
class Connection : public ConnectionHook {
public:
    Connection(Shared& shared, boost::asio::ip::tcp::socket socket);
    ~Connection();

    [[nodiscard]] boost::asio::awaitable<void> run();

    /// The peer has to do its part within `limit` from now.
    void expect_within(Duration limit) { expect_until(shared_.coarse_now + limit); }
    void expect_until(Time deadline) { deadline_ = deadline; }
    [[nodiscard]] Time deadline() const { return deadline_; }
    [[nodiscard]] Time accepted_at() const { return accepted_at_; }
    /// The watchdog's: closes the socket; what waits on it ends.
    void expire();
    /// The gateway ends: says goodbye if a session runs, else closes.
    void shut_down(Duration retry_after);

    /// Set by the session while it runs.
    void set_session(LiveSession* session) { session_ = session; }

    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] tls::TlsStream& stream() { return *stream_; }
    [[nodiscard]] const Result<tls::PeerIdentity>& peer() const { return peer_; }

private:
    [[nodiscard]] boost::asio::awaitable<bool> shake_hands();
    [[nodiscard]] boost::asio::awaitable<void> refuse_plain_http();
    /// Answers requests until the connection ends, or returns the one that asks for a session.
    [[nodiscard]] boost::asio::awaitable<std::optional<Request>> serve_requests();
    [[nodiscard]] boost::asio::awaitable<Status> answer(Request request);
    [[nodiscard]] boost::asio::awaitable<void> linger();
    [[nodiscard]] bool speaks_node_protocol() const;
    void end_handshake();

    Shared& shared_;
    boost::asio::ip::tcp::socket socket_;  ///< until the TLS stream takes it
    std::optional<tls::TlsStream> stream_;
    std::string address_;
    Result<tls::PeerIdentity> peer_;
    LiveSession* session_ = nullptr;
    Time accepted_at_;
    Time deadline_;
    bool handshaking_ = true;
    bool expired_ = false;
};

}  // namespace gleaner::gateway
