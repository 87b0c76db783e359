#pragma once
/// When a batch that does not exist yet would begin and end. An estimate from what is seen now:
/// machines come and go. Times are from now.

#include <cstdint>
#include <string>

#include "coordinator/core/types.h"

namespace gleaner::core {

struct ForecastQuestion {
    Sha256 model;
    PrivacyClass privacy = PrivacyClass::any;
    OwnerId own_sites_of;
    std::string reservation = {};  ///< on its machines; empty: on shared ones
    std::uint64_t items = 0;       ///< with their replicas
    double tokens_per_item = 0;    ///< of work: generated, and an eighth of the prompt's
};

struct Forecast {
    std::uint32_t nodes_ready = 0;  ///< have the model in memory and may take the work
    std::uint32_t nodes_able = 0;   ///< could load it
    Duration start_earliest{};
    Duration start_latest{};
    Duration finish_earliest{};
    Duration finish_latest{};

    /// Else nobody is here who can do it, and the times mean nothing.
    [[nodiscard]] bool possible() const { return nodes_ready + nodes_able > 0; }
};

}  // namespace gleaner::core
