#pragma once
/// `gleaner-coordinator init`: makes everything that a first start needs.

#include <string>

#include "coordinator/settings.h"
#include "shared/util/result.h"

namespace gleaner {

struct InitRequest {
    std::string config_path;    ///< the TOML file to write
    std::string operator_name;  ///< of the first operator
    std::string customer_name;  ///< of the first customer
};

/// Writes the TOML file, the data folder, the authority, the server's key and certificate, the
/// database, the first operator, customer, project and API key; prints the keys (once) and what to
/// do next. Errors: already_exists when there is a configuration or an authority already.
[[nodiscard]] Status initialise(const Settings& settings, const InitRequest& request);

}  // namespace gleaner
