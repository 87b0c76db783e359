#pragma once
/// Where this machine's own node listens.

#include <filesystem>
#include <string>

namespace gleaner::cli {

/// `given`, unless it is empty; else $GLEANER_CONTROL_SOCKET, the system's node if there is one,
/// this user's.
[[nodiscard]] std::filesystem::path local_socket(const std::string& given);

}  // namespace gleaner::cli
