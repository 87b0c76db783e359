#pragma once
/// Where artefacts are served from. Files never change once they have their name.

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "shared/artefact/chunk_list.h"
#include "shared/model/ids.h"
#include "shared/util/result.h"

namespace gleaner::gateway {

struct ArtefactFile {
    std::string path;
    std::uint64_t size_bytes = 0;
};

/// Awaited on the network thread. Errors: not_found, io_failed.
class ArtefactSource {
public:
    virtual ~ArtefactSource() = default;
    [[nodiscard]] virtual boost::asio::awaitable<Result<ArtefactFile>> find(Sha256 id) = 0;
    /// Hashes the file on first demand, off the network thread: seconds for a large model.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::shared_ptr<const ChunkList>>> chunks(
        Sha256 id) = 0;
};

}  // namespace gleaner::gateway
