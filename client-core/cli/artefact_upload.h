#pragma once
/// Sends models and engines: hashes first, so that what the coordinator has is not sent again.

#include <string>

#include "client-core/cli/context.h"
#include "shared/model/ids.h"

namespace gleaner::cli {

/// Makes sure that the coordinator holds the file's bytes; returns their SHA-256. A progress bar
/// when stderr is a terminal.
[[nodiscard]] Result<Sha256> upload_artefact(const Context& context, ApiClient& api,
                                             const std::string& path);

}  // namespace gleaner::cli
