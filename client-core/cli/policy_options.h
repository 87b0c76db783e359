#pragma once
/// Guest settings on the command line: --file and --set, for a machine and for a site.

#include <string>
#include <vector>

#include "client-core/core/guest/settings.h"
#include "shared/util/result.h"

namespace CLI {
class App;
}

namespace gleaner::cli {

struct PolicyOptions {
    std::string file;
    std::vector<std::string> set;

    /// Adds --file and --set; this must outlive the app.
    void declare(CLI::App& command);
    [[nodiscard]] bool given() const { return !file.empty() || !set.empty(); }
    /// `base` with what was given. Errors name the file or "--set", line and setting.
    [[nodiscard]] Result<guest::Settings> apply(guest::Settings base) const;
};

}  // namespace gleaner::cli
