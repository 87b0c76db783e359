/// gleaner: the tray app. A view of the node on this machine; the node does without it.

#include <QApplication>
#include <QCommandLineParser>

#include "client-gui/application.h"
#include "client-gui/client/socket_path.h"
#include "client-gui/os/single_instance.h"

int main(int argc, char** argv) {
    using namespace gleaner::gui;
    QApplication qt(argc, argv);
    QApplication::setApplicationName(QStringLiteral("gleaner"));
    QApplication::setApplicationDisplayName(QStringLiteral("Gleaner"));
    QApplication::setApplicationVersion(QStringLiteral(GLEANER_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("gleaner"));
    QCommandLineParser options;
    options.setApplicationDescription(QStringLiteral("Shows what Gleaner does on this computer."));
    options.addHelpOption();
    options.addVersionOption();
    const QCommandLineOption hidden(QStringLiteral("hidden"),
                                    QStringLiteral("Show the icon only, no window."));
    options.addOption(hidden);
    options.process(qt);

    SingleInstance instance(single_instance_name());
    if (!instance.claim()) return 0;
    Preferences preferences;
    Autostart autostart(QApplication::applicationFilePath());
    Application application(control_socket_path, preferences, autostart);
    QObject::connect(&instance, &SingleInstance::another_started, &application,
                     &Application::open_window);
    application.start(options.isSet(hidden));
    return QApplication::exec();
}
