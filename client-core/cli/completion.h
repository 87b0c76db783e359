#pragma once
/// Completion scripts for shells, made from the tree of subcommands and flags itself.

#include <string>

#include "shared/util/result.h"

namespace CLI {
class App;
}

namespace gleaner::cli {

/// `shell`: bash, zsh or fish; invalid_argument for others.
[[nodiscard]] Result<std::string> completion_script(const CLI::App& program,
                                                    const std::string& shell);

}  // namespace gleaner::cli
