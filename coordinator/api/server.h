#pragma once
/// The API's HTTPS server: HTTP/1.1 over TLS, keep-alive, on the network thread. Knows routes and
/// keys, not what the routes do. Slow or silent clients are cut off by deadlines; the number of
/// sessions is bounded.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace boost::asio::ssl {
class context;
}

namespace gleaner::api {

class Authenticator;
class Router;

/// What became of one request: for metrics. `route`: the pattern, or "none".
struct RequestRecord {
    std::string_view method;
    std::string_view route;
    int status = 0;
    Duration took{};
};

struct ServerOptions {
    std::string address = "0.0.0.0";
    std::uint16_t port = 8443;                              ///< 0: any
    std::size_t sessions_max = 8'192;                       ///< more get 503
    Duration handshake_within = std::chrono::seconds(30);   ///< thousands may come at once
    Duration header_within = std::chrono::seconds(10);      ///< a whole head, from its first byte
    Duration idle_within = std::chrono::seconds(75);        ///< between requests
    Duration body_piece_within = std::chrono::seconds(30);  ///< for each piece of a body
    Duration write_within = std::chrono::seconds(30);       ///< for the client to take a piece
    std::size_t header_bytes_max = 16U << 10U;
};

class Server {
public:
    /// All references must outlive it.
    Server(ServerOptions options, const Clock& clock, boost::asio::any_io_executor executor,
           boost::asio::ssl::context& tls, const Router& router, Authenticator& authenticator,
           std::function<void(const RequestRecord&)> on_request);
    ~Server();

    /// Binds and begins to serve. Errors: failed_precondition (address or port in use or not this
    /// machine's: says which option to change), permission_denied (a port below 1024).
    [[nodiscard]] Status start();
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::size_t sessions() const;
    [[nodiscard]] std::uint64_t refused_sessions() const;

    /// Stops accepting, lets running requests end within `grace`, then closes all.
    [[nodiscard]] boost::asio::awaitable<void> stop(Duration grace);

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace gleaner::api
