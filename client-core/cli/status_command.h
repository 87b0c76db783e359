#pragma once
/// gleanerctl node status: what this machine's own node does, with each device, and why.

#include <filesystem>
#include <functional>

#include "client-core/cli/context.h"

namespace gleaner::cli {

/// `socket`: of this machine's node, asked once the command line is parsed.
void add_status_command(CLI::App& node, Context& context,
                        std::function<std::filesystem::path()> socket);

}  // namespace gleaner::cli
