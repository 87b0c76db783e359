#include "client-gui/client/socket_path.h"

#include <QFileInfo>
#include <QStandardPaths>

namespace gleaner::gui {

QString control_socket_path() {
    const QString given = qEnvironmentVariable("GLEANER_CONTROL_SOCKET");
    if (!given.isEmpty()) return given;
    const QString system = QStringLiteral("/run/gleaner/control.sock");
    // A folder that this user may not enter is the system's node all the same.
    if (QFileInfo::exists(system) || QFileInfo::exists(QStringLiteral("/run/gleaner")))
        return system;
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
           QStringLiteral("/gleaner-node/control.sock");
}

}  // namespace gleaner::gui
