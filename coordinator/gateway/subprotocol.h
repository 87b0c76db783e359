#pragma once
/// Which version of the wire protocol a session speaks.

#include <string>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner::gateway {

/// Picks ours from a node's Sec-WebSocket-Protocol header ("gleaner.v1, gleaner.v2"). Errors:
/// invalid_argument (none of Gleaner's), unsupported (says which side to upgrade).
[[nodiscard]] Result<std::string> choose_subprotocol(std::string_view offered);

/// The same for the number in Hello and EnrolRequest. Errors: unsupported.
[[nodiscard]] Status check_protocol(std::uint32_t offered);

}  // namespace gleaner::gateway
