#pragma once
/// Logging: one line = UTC time, level, component, event and key=value pairs.
/// Never logged: prompts, answers, keys, tokens, account numbers (docs/logging.md).

#include <string_view>

#include <spdlog/spdlog.h>

namespace gleaner {

/// Sets up the process's logger on stderr. `level`: trace, debug, info, warn, error, off.
/// Returns false for an unknown level. Call once, before threads start.
[[nodiscard]] bool set_up_log(std::string_view component, std::string_view level);

}  // namespace gleaner
