#pragma once
/// Words that scheduler, verifier and trust share.

#include <cstdint>
#include <string_view>

#include "shared/model/device_use.h"
#include "shared/model/ids.h"
#include "shared/model/privacy.h"
#include "shared/util/clock.h"

namespace gleaner::core {

/// Why an item, stream, lease or model failed. Blame follows from it (see trust/).
enum class FailureCause : std::uint8_t {
    none,
    request_rejected,  ///< the engine refuses the request: the customer's
    engine_crashed,    ///< counts against the node only if others manage the same item
    out_of_memory,
    timed_out,
    reclaimed,  ///< the owner wanted the machine: nobody's fault
    artefact_corrupt,
    artefact_unavailable,  ///< the platform's
    disk_full,
    sandbox_unsafe,
    unsupported,
    cancelled,
    connection_lost,
    implausible,  ///< the verifier refused the result: the node's
};

[[nodiscard]] std::string_view to_string(FailureCause cause);
/// What a device's time is lost to when its work ends so.
[[nodiscard]] LossCause loss_of(FailureCause cause);

/// The verifier's word on one result.
enum class Verdict : std::uint8_t {
    plausible,    ///< nothing speaks against it
    verified,     ///< a check with a known answer passed
    implausible,  ///< it cannot be right (counts, form)
    wrong,        ///< a known answer was missed
};

/// Such a result is worth nothing.
[[nodiscard]] constexpr bool is_refused(Verdict verdict) {
    return verdict == Verdict::implausible || verdict == Verdict::wrong;
}

}  // namespace gleaner::core
