#pragma once
/// What the coordinator thinks of a benchmark report that a node hands in: is it this node's, of a
/// device that it has, and can such a device do that?

#include <optional>
#include <span>
#include <string>

#include <openssl/types.h>

#include "coordinator/store/records.h"
#include "shared/model/sentence.h"
#include "shared/proto/wire.pb.h"
#include "shared/util/clock.h"

namespace gleaner::runtime {

/// A device as the node's Hello announced it.
struct AnnouncedDevice {
    std::string id;
    std::string kind;
    std::string name;
    bool usable = false;  ///< by the engine that the node was given
    std::uint64_t memory_bytes = 0;
};

struct WeighedReport {
    wire::BenchmarkVerdict verdict;
    std::optional<store::BenchRecord> record;  ///< to be kept; nothing: the report was refused
};

/// The same in words, after what the verdict says; empty when there are too few others to tell.
[[nodiscard]] Sentence words_of(const store::BenchStanding& standing);

/// `signed_report`: as it came, `key`: of the node's session, borrowed for the call.
[[nodiscard]] WeighedReport weigh_report(const std::string& signed_report, const NodeId& node,
                                         EVP_PKEY* key, std::span<const AnnouncedDevice> devices,
                                         WallTime now);

}  // namespace gleaner::runtime
