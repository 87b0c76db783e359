#pragma once
/// Plain HTTPS requests to the node gateway: enrolment and artefacts. Keeps one connection.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "client-core/runtime/dial.h"
#include "shared/util/result.h"

namespace gleaner {

class GatewayRequest {
public:
    GatewayRequest(std::string path, std::size_t bytes_max)
        : target(std::move(path)), reply_bytes_max(bytes_max) {}
    std::string target;
    std::size_t reply_bytes_max;
    std::optional<std::string> posted;  ///< set: POST of a protobuf message; else GET
    std::uint64_t range_begin = 0;
    std::uint64_t range_bytes = 0;  ///< > 0: ask for this range only
};

/// Single-threaded; one request at a time. The context must outlive it.
class GatewayHttp {
public:
    /// Looks at each new connection before anything is sent.
    using Check = std::function<Status(const tls::TlsStream& stream)>;

    GatewayHttp(GatewayAddress address, boost::asio::ssl::context& context, Duration limit,
                Check check = {});
    GatewayHttp(const GatewayHttp&) = delete;
    GatewayHttp& operator=(const GatewayHttp&) = delete;
    ~GatewayHttp();

    /// The body of a 2xx reply. A refusal becomes an Error with the code and words of the gateway's
    /// ErrorReply. Other errors: unavailable, timeout, too_large, data_corrupt, and those of
    /// dial().
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> send(GatewayRequest request);
    /// This machine's address as the last connection had it; empty before the first.
    [[nodiscard]] const std::string& local_address() const { return local_address_; }
    /// Drops the connection unless a request uses it; the next request makes a new one.
    void close_idle();

private:
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> exchange(GatewayRequest request);
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> exchange_within_limit(
        GatewayRequest request);
    void close();

    GatewayAddress address_;
    boost::asio::ssl::context* context_;
    Duration limit_;
    Check check_;
    std::string local_address_;
    std::unique_ptr<tls::TlsStream> stream_;
    bool busy_ = false;
};

}  // namespace gleaner
