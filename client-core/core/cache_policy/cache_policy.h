#pragma once
/// Which artefacts leave the node's disk to make room for another. Pure; the cache deletes.

#include <cstdint>
#include <span>
#include <vector>

#include "shared/model/ids.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

/// One artefact on disk, complete or partly downloaded.
struct CachedArtefact {
    Sha256 sha256;
    std::uint64_t size_bytes = 0;  ///< on disk, unpacked copies included
    WallTime last_used;
    bool in_use = false;  ///< loaded or being downloaded: never evicted
};

struct DiskSpace {
    std::uint64_t quota_bytes = 0;  ///< what the owner lets the cache use
    std::uint64_t free_bytes = 0;   ///< of the file system
    /// Left free whatever the quota says: a full disk harms the owner.
    std::uint64_t keep_free_bytes = 0;
};

/// What to evict, least recently used first, so that `wanted_bytes` fit quota and disk. Ties are
/// broken by hash, so the same input gives the same choice. Error: disk_full when it cannot fit
/// even if everything that may be evicted is; nothing is to be evicted then.
[[nodiscard]] Result<std::vector<Sha256>> choose_evictions(
    std::span<const CachedArtefact> artefacts, const DiskSpace& disk, std::uint64_t wanted_bytes);

}  // namespace gleaner
