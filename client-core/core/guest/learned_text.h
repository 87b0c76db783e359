#pragma once
/// How what a node learns of its machine is written: lines of numbers under a heading, a checksum
/// last, so that a damaged file shows. Pure.

#include <charconv>
#include <cstdint>
#include <string_view>

namespace gleaner::guest {

[[nodiscard]] constexpr std::uint32_t checksum(std::string_view text) {
    std::uint32_t sum = 2166136261u;  // FNV-1a
    for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 16777619u;
    return sum;
}

/// Takes a number and the one character behind it off `rest`; false: there is none.
[[nodiscard]] inline bool take_number(std::string_view& rest, std::uint32_t& number) {
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (problem != std::errc() || end == rest.data() + rest.size()) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
    return true;
}

}  // namespace gleaner::guest
