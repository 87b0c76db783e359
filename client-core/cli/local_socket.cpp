#include "client-core/cli/local_socket.h"

#include "client-core/control/control_server.h"
#include "shared/config/flags.h"

namespace gleaner::cli {

namespace fs = std::filesystem;

fs::path local_socket(const std::string& given) {
    if (!given.empty()) return given;
    fs::path data;
    fs::path home;
    for (const auto& [name, value] : config::process_environment()) {
        if (name == "GLEANER_CONTROL_SOCKET") return value;
        if (name == "XDG_DATA_HOME") data = value;
        if (name == "HOME") home = value;
    }
    const fs::path system = default_control_socket("/var/lib/gleaner-node");
    std::error_code none;
    if (fs::exists(system, none)) return system;
    if (data.empty()) data = home / ".local/share";
    return default_control_socket(data / "gleaner-node");
}

}  // namespace gleaner::cli
