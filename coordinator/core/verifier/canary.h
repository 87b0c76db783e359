#pragma once
/// Known answers.

#include <string_view>

namespace gleaner::core {

/// The answer is the expected one: equal after trimming space, or the same number.
[[nodiscard]] bool canary_passed(std::string_view expected, std::string_view answer);

}  // namespace gleaner::core
