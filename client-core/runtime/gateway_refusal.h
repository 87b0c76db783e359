#pragma once
/// Why the gateway said no over HTTP.

#include <string>

#include "shared/util/error.h"

namespace gleaner {

/// The code and words of its ErrorReply if `body` is one, else what the status tells.
[[nodiscard]] Error gateway_refusal(unsigned status, const std::string& body);

}  // namespace gleaner
