#pragma once
/// Pieces of configuration texts, for the .cpp files of this folder.

#include <string>
#include <string_view>
#include <vector>

#include "shared/config/option.h"

namespace gleaner::config {

/// A TOML basic string, quoted and escaped.
[[nodiscard]] std::string toml_string(std::string_view text);

/// A value from the environment or a flag as the setter wants it: a list is split at commas, blanks
/// around its elements are dropped, and an empty text is an empty list.
[[nodiscard]] std::vector<std::string> split_for(OptionKind kind, const std::string& text);

}  // namespace gleaner::config
