#pragma once
/// What the owner of a machine can choose.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "shared/config/option.h"
#include "shared/util/clock.h"

namespace gleaner {

/// Where a node looks for its coordinator when nobody told it.
inline constexpr const char* default_coordinator = "localhost:7443";

struct NodeOptions {
    std::string coordinator;  ///< "host:port"; empty: the joined one, else default_coordinator
    std::string token;        ///< secret
    std::string token_file;   ///< read when `token` is empty
    std::string data_dir;     ///< default depends on the user, see default_data_dir
    std::uint32_t instance = 0;
    std::vector<std::string> devices{"all"};
    std::uint32_t slots = 0;
    std::uint32_t threads = 0;
    std::uint64_t memory_limit_bytes = 0;
    std::uint64_t disk_quota_bytes = 20ull << 30;
    std::uint64_t disk_keep_free_bytes = 1ull << 30;
    std::string shared_models;
    Duration shutdown_grace = 5s;
    bool idle_priority = true;
    bool lan_sharing = true;
    std::string policy = "guest";
    bool wait_to_join = false;
    std::string control_socket;  ///< default depends on the user, see default_control_socket
    bool benchmark = true;
    std::string log_level = "info";
    std::string bwrap = "/usr/bin/bwrap";
    std::string probe;  ///< default: beside the program
};

/// Declares every option once; the set writes into `options`, which must outlive it.
[[nodiscard]] config::OptionSet declare_node_options(NodeOptions& options);

/// /var/lib/gleaner-node for root, else ~/.local/share/gleaner-node (or below $XDG_DATA_HOME).
[[nodiscard]] std::filesystem::path default_data_dir(const config::Environment& environment,
                                                     bool root);

}  // namespace gleaner
