#pragma once
/// Decoding and checking of questions about neighbours; as wire_check.h.

#include <cstddef>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner::wire {

class WhereQuestion;
class WhereAnswer;

inline constexpr std::size_t where_bytes_max = 16u << 10;

/// Errors: invalid_argument that names the field, too_large.
[[nodiscard]] Status decode(std::string_view bytes, WhereQuestion& question);
[[nodiscard]] Status decode(std::string_view bytes, WhereAnswer& answer);

}  // namespace gleaner::wire
