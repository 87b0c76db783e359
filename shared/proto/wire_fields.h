#pragma once
/// Checks of single fields, for the wire_check*.cpp files. Each names the field it refuses.

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/proto/wire.pb.h"
#include "shared/util/result.h"

namespace gleaner::wire {

/// "`field` `why`", an invalid_argument.
[[nodiscard]] Error refusal(std::string_view field, std::string_view why);

/// At most `max` bytes without control characters: safe to log and to show.
[[nodiscard]] Status check_text(std::string_view field, const std::string& text, std::size_t max);
/// The same, and line breaks and tabs are allowed (PEM, engine messages).
[[nodiscard]] Status check_lines(std::string_view field, const std::string& text, std::size_t max);
/// 1 to `max` of a-z A-Z 0-9 . _ - : what identifiers consist of.
[[nodiscard]] Status check_name(std::string_view field, const std::string& text, std::size_t max);
/// 64 lower-case hex characters.
[[nodiscard]] Status check_sha256(std::string_view field, const std::string& text);
/// "YYYY-MM-DD".
[[nodiscard]] Status check_date(std::string_view field, const std::string& text);
[[nodiscard]] Status check_size(std::string_view field, std::size_t size, std::size_t max);
[[nodiscard]] Status check_count(std::string_view field, int count, int max);
[[nodiscard]] Status check_range(std::string_view field, std::uint64_t value, std::uint64_t min,
                                 std::uint64_t max);
/// Finite and in [0, max].
[[nodiscard]] Status check_number(std::string_view field, double value, double max);
[[nodiscard]] Status check_failure(std::string_view field, const Failure& failure);

inline constexpr std::uint64_t tokens_max = 100'000'000;
inline constexpr std::uint64_t device_micros_max = 86'400'000'000;  // a day
inline constexpr std::uint64_t bytes_max = 1ULL << 50;
inline constexpr std::uint32_t duration_ms_max = 7 * 86'400'000;
inline constexpr std::uint32_t duration_s_max = 10 * 366 * 86'400;
inline constexpr std::uint32_t item_index_max = 100'000'000;
inline constexpr std::uint64_t device_seconds_max = 1ULL << 40;
inline constexpr std::uint64_t money_micros_max = 1ULL << 52;

}  // namespace gleaner::wire
