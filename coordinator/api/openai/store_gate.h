#pragma once
/// Nothing is admitted whose results could not be kept.

#include "coordinator/api/http.h"
#include "coordinator/api/openai/services.h"

namespace gleaner::api {

/// 503 with Retry-After while the store cannot write, or is too far behind.
[[nodiscard]] ApiStatus store_keeps_up(const Services& services);

}  // namespace gleaner::api
