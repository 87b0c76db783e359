#pragma once
/// Whom gleanerctl talks to and with which key. Layers: profile file < environment < flags.

#include <string>

#include "client-core/api/api_client.h"
#include "shared/config/option.h"
#include "shared/util/result.h"

namespace gleaner::cli {

struct Profile {
    std::string url;  ///< "https://grid.example:8443"
    std::string key;  ///< operator's, owner's, partner's or project's key; "@FILE" reads a file
    std::string ca;   ///< PEM file of the coordinator's authority; empty: the system's
};

/// Declares url, key and ca once, for file, environment (GLEANER_URL, …) and flags.
void declare_options(config::OptionSet& options, Profile& profile);

/// $XDG_CONFIG_HOME/gleaner/gleanerctl.toml, or the same below ~/.config; empty without a home.
[[nodiscard]] std::string default_profile_path(const config::Environment& environment);

/// Applies file, environment and flags to the declared options, and reads a key from "@FILE". A
/// profile file that is missing is no error unless `path_was_given`; one that others can read is
/// refused, since it holds a key.
[[nodiscard]] Status load_profile(config::OptionSet& options, const std::string& path,
                                  bool path_was_given, const config::Environment& environment,
                                  const config::FlagValues& flags, Profile& profile);

/// Errors: unauthenticated without a key, invalid_argument without an address; both say where from.
[[nodiscard]] Result<ApiClient> open_api(const Profile& profile);

}  // namespace gleaner::cli
