#pragma once
/// Times as people write and read them: moments in UTC, days in Shanghai, as in accounts.

#include <string>
#include <string_view>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

/// "2026-11-24T20:12:05Z"; whole seconds.
[[nodiscard]] std::string utc_text(WallTime time);

/// "2026-11-24" (its first moment in Shanghai) or "2026-11-24T20:12:05Z", years 1970 to 9999.
/// invalid_argument otherwise.
[[nodiscard]] Result<WallTime> parse_time(std::string_view text);

}  // namespace gleaner
