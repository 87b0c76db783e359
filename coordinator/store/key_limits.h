#pragma once
/// Checks of what a key is limited to, for the store's own files.

#include <cstdint>
#include <optional>

#include "coordinator/store/records.h"

namespace gleaner::store {

/// invalid_argument says what is wrong: no scope at all, a limit below zero or that a key of this
/// kind does not have, an expiry in the past.
[[nodiscard]] Status check_key_limits(PrincipalKind kind, const KeyLimits& limits, WallTime now);

/// NULL for "no limit".
[[nodiscard]] inline std::optional<std::int64_t> unless_zero(std::int64_t number) {
    return number == 0 ? std::optional<std::int64_t>() : number;
}

}  // namespace gleaner::store
