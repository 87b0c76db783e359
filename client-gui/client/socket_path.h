#pragma once
/// Where the node of this machine listens.

#include <QString>

namespace gleaner::gui {

/// $GLEANER_CONTROL_SOCKET; else the system's node if it is there, else this user's own.
[[nodiscard]] QString control_socket_path();

}  // namespace gleaner::gui
