#pragma once
/// gleanerctl node earnings: what this machine has earned and can earn, from its own node.

#include <filesystem>
#include <functional>

#include "client-core/cli/context.h"

namespace gleaner::cli {

/// `socket`: of this machine's node, asked once the command line is parsed.
void add_earnings_command(CLI::App& node, Context& context,
                          std::function<std::filesystem::path()> socket);

}  // namespace gleaner::cli
