#pragma once
/// A command as one line of text: for the log, and for the hash that shows that a seed repeats.

#include <string>

#include "coordinator/core/scheduler/commands.h"

namespace gleaner::sim {

[[nodiscard]] std::string text_of(const core::Command& command);

}  // namespace gleaner::sim
