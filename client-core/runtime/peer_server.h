#pragma once
/// Serves neighbours of the same site the verified chunks of models that are on this node's disk.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "client-core/cache/artefact_cache.h"
#include "client-core/cache/traffic_meter.h"
#include "client-core/cache/worker.h"
#include "shared/async/task_group.h"

namespace gleaner {

namespace tls {
class TlsStream;
}

/// Chunk `index` of a model in a neighbour's request.
[[nodiscard]] std::string chunk_target(const Sha256& sha256, std::uint64_t index);

struct WantedChunk {
    Sha256 sha256;
    std::uint64_t index = 0;
};
/// The reverse. Errors: not_found.
[[nodiscard]] Result<WantedChunk> parse_chunk_target(std::string_view target);

/// Single-threaded.
class PeerServer {
public:
    /// Whether the coordinator knows this node of our site, now.
    using Vouch = std::function<boost::asio::awaitable<bool>(NodeId node)>;

    PeerServer(const ArtefactCache& cache, TrafficMeter& meter, Vouch vouch,
               const boost::asio::any_io_executor& executor);

    /// Listens on a port of the system's choice, on all interfaces. Errors: io_failed.
    [[nodiscard]] Status open();
    [[nodiscard]] std::uint16_t port() const;
    /// Nobody is served before the first call. The context is that of a gateway server.
    void set_identity(std::shared_ptr<boost::asio::ssl::context> context, SiteId site);
    /// Serves until it is cancelled; returns when the last connection has ended. Call once.
    [[nodiscard]] boost::asio::awaitable<void> run();

private:
    [[nodiscard]] boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
    [[nodiscard]] boost::asio::awaitable<Status> admit(tls::TlsStream& stream);
    [[nodiscard]] boost::asio::awaitable<Result<WantedChunk>> receive(
        tls::TlsStream& stream, boost::beast::flat_buffer& buffer);
    [[nodiscard]] boost::asio::awaitable<Status> answer(tls::TlsStream& stream, WantedChunk chunk);
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> read(WantedChunk chunk);

    const ArtefactCache* cache_;
    TrafficMeter* meter_;
    Vouch vouch_;
    std::shared_ptr<boost::asio::ssl::context> context_;
    SiteId site_;
    Worker disk_;
    boost::asio::ip::tcp::acceptor acceptor_;
    TaskGroup connections_;
};

}  // namespace gleaner
