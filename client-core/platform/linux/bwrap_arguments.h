#pragma once
/// The sandbox's shape as bubblewrap's command line. Pure: no file is looked at.

#include <string>
#include <vector>

#include "client-core/platform/sandbox.h"

namespace gleaner {

/// Facts about the host and numbers agreed with the process that executes bubblewrap.
struct BwrapHost {
    std::string bwrap_program;    ///< absolute
    std::string prlimit_program;  ///< absolute, under /usr
    /// Links such as {"usr/lib", "/lib"} for hosts with a merged /usr.
    std::vector<std::pair<std::string, std::string>> links;
    std::vector<std::string> system_folders;  ///< "/lib" and so on where they are real folders
    int seccomp_fd = 3;
    int info_fd = 4;
};

/// `sources[i]` is where spec.read_only[i] is reachable for bubblewrap; `socket_source` the same
/// for spec.socket_dir. Both differ from the spec when the node runs as root (see spawn.h).
[[nodiscard]] std::vector<std::string> bwrap_arguments(const SandboxSpec& spec,
                                                       const BwrapHost& host,
                                                       const std::vector<std::string>& sources,
                                                       const std::string& socket_source);

}  // namespace gleaner
