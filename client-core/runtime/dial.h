#pragma once
/// A TLS connection to the node gateway.

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace boost::asio::ssl {
class context;
}

namespace gleaner {

namespace tls {
class TlsStream;
}

struct GatewayAddress {
    std::string host;
    std::uint16_t port = 0;
    [[nodiscard]] std::string text() const { return host + ":" + std::to_string(port); }
};

/// "host:port", "[v6]:port". Errors: invalid_argument.
[[nodiscard]] Result<GatewayAddress> parse_address(const std::string& text);

/// Resolves, connects to the first address that answers, and shakes hands; all within `limit`.
/// `silence_max`: the kernel gives the connection up when sent bytes stay unacknowledged for so
/// long; a lost network is noticed without a timer of ours. Errors: unavailable, timeout,
/// unauthenticated (certificates), unsupported (not this protocol). Messages name the address.
[[nodiscard]] boost::asio::awaitable<Result<std::unique_ptr<tls::TlsStream>>> dial(
    GatewayAddress address, boost::asio::ssl::context& context, Duration limit,
    Duration silence_max);

}  // namespace gleaner
