#pragma once
/// Builds the coordinator's object graph and runs it.

#include "coordinator/settings.h"
#include "shared/artefact/signing_key.h"
#include "shared/util/result.h"

namespace gleaner {

/// Serves until SIGTERM or SIGINT, then says goodbye to nodes and saves what is queued. Prints one
/// line with both addresses when ready. Errors: what the environment lacks, and what to do.
[[nodiscard]] Status serve(const Settings& settings);

/// The key that engines must be signed with. Errors: failed_precondition without one, since nodes
/// pin it when they enrol; invalid_argument for one that is none. Both say what to do.
[[nodiscard]] Result<PublicKey> release_key_of(const Settings& settings);

}  // namespace gleaner
