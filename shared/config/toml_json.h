#pragma once
/// TOML that people write, as JSON values: for what is data and not this program's options.

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "shared/util/result.h"

namespace gleaner::config {

/// Dates become texts: "2026-12-01", and "2026-12-01T00:00:00Z" in UTC for one with an offset; one
/// without is given as it stands. `origin` names the file in errors. Errors: data_corrupt (no TOML:
/// says the line), too_large (over 1 MiB).
[[nodiscard]] Result<boost::json::object> read_toml(std::string_view text,
                                                    const std::string& origin);

}  // namespace gleaner::config
