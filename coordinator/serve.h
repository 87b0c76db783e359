#pragma once
/// Builds the coordinator's object graph and runs it.

#include "coordinator/settings.h"
#include "shared/util/result.h"

namespace gleaner {

/// Serves until SIGTERM or SIGINT, then says goodbye to nodes and saves what is queued. Prints one
/// line with both addresses when ready. Errors: what the environment lacks, and what to do.
[[nodiscard]] Status serve(const Settings& settings);

}  // namespace gleaner
