#include "client-gui/os/preferences.h"

namespace gleaner::gui {

Preferences::Preferences()
    : file_(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("Gleaner"),
            QStringLiteral("gleaner")) {}

Preferences::Preferences(const QString& file) : file_(file, QSettings::IniFormat) {}

QString Preferences::language() const {
    return file_.value("language").toString();
}
void Preferences::set_language(const QString& language) {
    file_.setValue("language", language);
}

Theme Preferences::theme() const {
    const QString theme = file_.value("theme").toString();
    if (theme == QLatin1String("light")) return Theme::light;
    return theme == QLatin1String("dark") ? Theme::dark : Theme::system;
}

void Preferences::set_theme(Theme theme) {
    file_.setValue("theme", theme == Theme::light  ? "light"
                            : theme == Theme::dark ? "dark"
                                                   : "system");
}

bool Preferences::told_of_tray() const {
    return file_.value("told_of_tray").toBool();
}
void Preferences::set_told_of_tray() {
    file_.setValue("told_of_tray", true);
}

QByteArray Preferences::geometry() const {
    return file_.value("geometry").toByteArray();
}
void Preferences::set_geometry(const QByteArray& geometry) {
    file_.setValue("geometry", geometry);
}

}  // namespace gleaner::gui
