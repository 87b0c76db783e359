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

    /// From now on requests show this identity. The context must outlive this object or the next
    /// call of set_identity.
    void set_identity(boost::asio::ssl::context& context);
    /// Drops the idle connection.
    void close();

    [[nodiscard]] boost::asio::awaitable<Result<ChunkList>> chunk_list(Sha256 sha256) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> read(Sha256 sha256,
                                                                   std::uint64_t offset,
                                                                   std::uint64_t length) override;

private:
    GatewayAddress address_;
    std::shared_ptr<GatewayHttp> http_;  ///< shared with a request that set_identity overtakes
};

}  // namespace gleaner
