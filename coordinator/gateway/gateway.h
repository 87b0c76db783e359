#pragma once
/// The door for nodes: accepts TLS connections, enrols machines, serves artefacts, and turns node
/// sessions into calls of NodeEvents. Single-threaded: everything runs on the network executor,
/// so there is neither lock nor strand. Decides nothing about work.

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::gateway {

class ArtefactSource;
class NodeDirectory;
class NodeEvents;

struct GatewayOptions {
    std::string address = "0.0.0.0";  ///< "::" serves IPv4 and IPv6
    std::uint16_t port = 7443;        ///< 0: the system chooses one
    std::size_t connections_max = 25'000;
    /// TLS handshakes under way; when reached, one older than a second makes room.
    std::size_t handshakes_max = 1'024;
    std::size_t downloads_max = 256;
    Duration handshake_limit = 10s;
    Duration request_limit = 10s;  ///< from one request's end to the next one's
    Duration hello_limit = 10s;
    Duration send_limit = 30s;          ///< for one piece of a download
    Duration heartbeat_interval = 15s;  ///< after three silent ones a node is gone
    Duration closing_limit = 2s;
    /// Bytes waiting for one node; above, the session ends.
    std::size_t outgoing_bytes_max = 32u << 20;
    Duration certificate_validity = 24h * 30;  ///< nodes renew after two thirds
    std::string authority_pem;                 ///< sent to nodes that enrol
    std::string release_public_key;            ///< Ed25519, 64 hex characters
};

/// All but `sessions`, `connections` and `downloads` only grow.
struct GatewayCounters {
    std::size_t connections = 0;
    std::size_t sessions = 0;
    std::size_t downloads = 0;
    std::uint64_t accepted = 0;
    std::uint64_t refused_full = 0;
    std::uint64_t handshakes_failed = 0;
    std::uint64_t plain_http = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t enrolments = 0;
    std::uint64_t enrolments_refused = 0;
    std::uint64_t sessions_refused = 0;
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_in = 0;  ///< of session messages
    std::uint64_t bytes_out = 0;
    std::uint64_t messages_refused = 0;
    std::uint64_t queue_overflows = 0;
    std::uint64_t artefact_bytes = 0;
};

/// What the gateway needs; all of it outlives the gateway.
struct GatewayNeeds {
    const Clock& clock;
    NodeEvents& events;
    NodeDirectory& directory;
    ArtefactSource& artefacts;
    boost::asio::any_io_executor network;   ///< one thread
    boost::asio::any_io_executor blocking;  ///< for disk reads
};

class Gateway {
public:
    /// Binds and listens; accepts nobody yet. Errors: invalid_argument (address),
    /// failed_precondition (port in use), permission_denied (privileged port), io_failed.
    [[nodiscard]] static Result<std::unique_ptr<Gateway>> open(GatewayOptions options,
                                                               boost::asio::ssl::context context,
                                                               const GatewayNeeds& needs);
    ~Gateway();

    /// Starts accepting. Once.
    void start();

    /// Accepts nobody any more, tells every node to come back in 1 s to 10 s, closes all
    /// connections and returns when the last has ended (a few seconds). Once, after start().
    [[nodiscard]] boost::asio::awaitable<void> stop();

    /// Serves later connections with another certificate.
    void replace_context(boost::asio::ssl::context context);

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] const GatewayCounters& counters() const;

private:
    struct State;
    explicit Gateway(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gleaner::gateway
