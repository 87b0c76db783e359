#pragma once
/// Artefacts from the coordinator.

#include <memory>

#include "client-core/cache/artefact_cache.h"
#include "client-core/runtime/gateway_http.h"

namespace gleaner {

/// Single-threaded. Unusable (errors: unavailable) until set_identity was called.
class GatewaySource final : public ArtefactSource {
public:
    explicit GatewaySource(GatewayAddress address);
    ~GatewaySource() override;

    /// From now on requests show this identity.
    void set_identity(std::shared_ptr<boost::asio::ssl::context> context);
    /// Drops the connection if no download uses it.
    void close_idle();

    [[nodiscard]] boost::asio::awaitable<Result<ChunkList>> chunk_list(Sha256 sha256) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> read(Sha256 sha256,
                                                                   std::uint64_t offset,
                                                                   std::uint64_t length) override;

private:
    GatewayAddress address_;
    // Both are shared with a request that set_identity overtakes.
    std::shared_ptr<boost::asio::ssl::context> context_;
    std::shared_ptr<GatewayHttp> http_;
};

}  // namespace gleaner
