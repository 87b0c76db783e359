#include "client-core/core/cache_policy/cache_policy.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace gleaner {

namespace {

std::string mib(std::uint64_t bytes) {
    return std::to_string((bytes + (1u << 20) - 1) >> 20) + " MiB";
}

/// Bytes that must go before `wanted`, at most the quota, fit.
std::uint64_t shortage(const DiskSpace& disk, std::uint64_t used, std::uint64_t wanted) {
    const std::uint64_t used_max = disk.quota_bytes - wanted;
    const std::uint64_t by_quota = used > used_max ? used - used_max : 0;
    const std::uint64_t needed_free = wanted + disk.keep_free_bytes;
    const std::uint64_t by_disk = needed_free > disk.free_bytes ? needed_free - disk.free_bytes : 0;
    return std::max(by_quota, by_disk);
}

}  // namespace

Result<std::vector<Sha256>> choose_evictions(std::span<const CachedArtefact> artefacts,
                                             const DiskSpace& disk, std::uint64_t wanted_bytes) {
    if (wanted_bytes > disk.quota_bytes) {
        return Error(ErrorCode::disk_full, "the artefact needs " + mib(wanted_bytes) +
                                               ", the disk quota is " + mib(disk.quota_bytes) +
                                               ": raise disk_quota");
    }
    std::vector<CachedArtefact> candidates;
    std::uint64_t used = 0;
    for (const CachedArtefact& artefact : artefacts) {
        used += artefact.size_bytes;
        if (!artefact.in_use && artefact.size_bytes > 0) candidates.push_back(artefact);
    }
    std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
        return std::tie(a.last_used, a.sha256) < std::tie(b.last_used, b.sha256);
    });
    const std::uint64_t missing = shortage(disk, used, wanted_bytes);
    std::vector<Sha256> evicted;
    std::uint64_t gained = 0;
    for (const CachedArtefact& candidate : candidates) {
        if (gained >= missing) break;
        gained += candidate.size_bytes;
        evicted.push_back(candidate.sha256);
    }
    if (gained < missing) {
        return Error(ErrorCode::disk_full,
                     "the artefact needs " + mib(wanted_bytes) + " and " + mib(missing - gained) +
                         " are missing after evicting all that is not in use: free disk space or "
                         "raise disk_quota");
    }
    return evicted;
}

}  // namespace gleaner
