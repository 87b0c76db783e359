#include "client-gui/os/desktop_tray.h"

#include <QtGlobal>

#ifndef Q_OS_WIN
#include <QDBusConnection>
#include <QDBusConnectionInterface>
#endif

namespace gleaner::gui {

bool desktop_tray_announced() {
#ifdef Q_OS_WIN
    return true;
#else
    const auto* bus = QDBusConnection::sessionBus().interface();
    return bus != nullptr &&
           bus->isServiceRegistered(QStringLiteral("org.kde.StatusNotifierWatcher"));
#endif
}

}  // namespace gleaner::gui
