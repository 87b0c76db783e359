#include "client-gui/os/autostart.h"

#include <QDir>
#include <QFile>
#include <QSaveFile>
#include <QSettings>
#include <QStandardPaths>
#include <utility>

namespace gleaner::gui {

#ifdef Q_OS_WIN

namespace {
QSettings run_key() {
    return QSettings(
        QStringLiteral("HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Run"),
        QSettings::NativeFormat);
}
}  // namespace

Autostart::Autostart(QString program, QString /*folder*/) : program_(std::move(program)) {}

bool Autostart::enabled() const {
    return run_key().contains(QStringLiteral("Gleaner"));
}

bool Autostart::set_enabled(bool enabled) {
    QSettings run = run_key();
    if (enabled) {
        run.setValue(QStringLiteral("Gleaner"),
                     QStringLiteral("\"%1\" --hidden").arg(QDir::toNativeSeparators(program_)));
    } else {
        run.remove(QStringLiteral("Gleaner"));
    }
    run.sync();
    return run.status() == QSettings::NoError;
}

#else

Autostart::Autostart(QString program, QString folder)
    : program_(std::move(program)),
      file_((folder.isEmpty()
                 ? QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
                       QStringLiteral("/autostart")
                 : folder) +
            QStringLiteral("/gleaner.desktop")) {}

bool Autostart::enabled() const {
    return QFile::exists(file_);
}

bool Autostart::set_enabled(bool enabled) {
    if (!enabled) return !QFile::exists(file_) || QFile::remove(file_);
    QDir().mkpath(QFileInfo(file_).path());
    QSaveFile file(file_);
    if (!file.open(QIODevice::WriteOnly)) return false;
    // Desktop Entry Specification: an argument in quotes escapes these four with a backslash, and
    // the key's own string escape doubles that; a percent sign is a field code.
    QString quoted;
    for (const QChar c : program_) {
        if (QStringLiteral("\"`$\\").contains(c)) quoted += QStringLiteral("\\\\");
        quoted += c == '%' ? QStringLiteral("%%") : QString(c);
    }
    file.write(QStringLiteral("[Desktop Entry]\nType=Application\nName=Gleaner\n"
                              "Exec=\"%1\" --hidden\nTerminal=false\n")
                   .arg(quoted)
                   .toUtf8());
    return file.commit();
}

#endif

}  // namespace gleaner::gui
