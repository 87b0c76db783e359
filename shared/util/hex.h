#pragma once
/// Lower-case hexadecimal.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner {

[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
/// Nothing for odd lengths or other characters than 0-9 a-f A-F.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

}  // namespace gleaner
