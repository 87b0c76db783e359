#pragma once
/// Artefacts from the blob folder. Chunk hashes are computed once per artefact, off the network
/// thread and never twice at a time, and kept in memory (32 bytes per 4 MiB).

#include <memory>

#include "coordinator/gateway/artefact_source.h"

namespace gleaner::store {
class Blobs;
}

namespace gleaner::gateway {

class BlobArtefacts final : public ArtefactSource {
public:
    /// `blobs` must outlive this. `blocking` runs hashing and file look-ups; calls come from one
    /// thread, the network's.
    BlobArtefacts(const store::Blobs& blobs, boost::asio::any_io_executor blocking);
    ~BlobArtefacts() override;

    [[nodiscard]] boost::asio::awaitable<Result<ArtefactFile>> find(Sha256 id) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::shared_ptr<const ChunkList>>> chunks(
        Sha256 id) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gleaner::gateway
