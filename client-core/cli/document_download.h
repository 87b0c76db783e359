#pragma once
/// A document of the coordinator's, byte for byte, to a file or to the output.

#include <string>

#include "client-core/cli/context.h"

namespace gleaner::cli {

/// `file`: where it goes; empty: the output. A file that is there already is replaced only by a
/// whole document.
[[nodiscard]] Status download_document(const Context& context, ApiClient& api,
                                       const std::string& target, const std::string& file);

}  // namespace gleaner::cli
