#pragma once
/// How durations, sizes and numbers are written in configuration. Messages say what is accepted.

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::config {

/// "5ms", "30s", "10m", "24h", "90d"; "0" needs no unit.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
/// The largest unit that divides it: 90 s is "90s", 120 s is "2m".
[[nodiscard]] std::string duration_text(Duration duration);

/// "20GiB", "512MiB", "4KiB", "1TiB", "10GB" (powers of ten), or plain bytes.
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);
/// The largest binary unit that divides it.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

[[nodiscard]] Result<std::int64_t> parse_integer(std::string_view text);
[[nodiscard]] Result<double> parse_number(std::string_view text);
/// true, false, yes, no, on, off, 1, 0.
[[nodiscard]] Result<bool> parse_boolean(std::string_view text);

}  // namespace gleaner::config
