#include "client-gui/os/appearance.h"

#include <QApplication>
#include <QStyleFactory>

#ifdef Q_OS_WIN
#include <QSettings>
#else
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#endif

namespace gleaner::gui {

QPalette palette_of(bool dark) {
    const QColor accent(dark ? 0x7FB069 : 0x2E6B34);
    const QColor text(dark ? 0xECECEC : 0x1B1F1B);
    const QColor window(dark ? 0x1F2320 : 0xF4F5F2);
    const QColor base(dark ? 0x282D29 : 0xFFFFFF);
    QPalette palette(text, window);
    palette.setColor(QPalette::Base, base);
    palette.setColor(QPalette::AlternateBase, window);
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::Button, QColor(dark ? 0x343A35 : 0xE9ECE6));
    palette.setColor(QPalette::ToolTipBase, base);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::PlaceholderText, QColor(dark ? 0xA0A8A1 : 0x666E67));
    palette.setColor(QPalette::Highlight, accent);
    palette.setColor(QPalette::HighlightedText, QColor(dark ? 0x10140F : 0xFFFFFF));
    palette.setColor(QPalette::Link, accent);
    palette.setColor(QPalette::LinkVisited, accent);
    palette.setColor(QPalette::Mid, QColor(dark ? 0x4A524B : 0xC9CEC6));
    const QColor faint(dark ? 0x7C857D : 0x8B938C);
    for (const auto role : {QPalette::Text, QPalette::ButtonText, QPalette::WindowText})
        palette.setColor(QPalette::Disabled, role, faint);
    return palette;
}

Appearance::Appearance(QObject* parent) : QObject(parent) {
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    system_dark_ = QApplication::palette().color(QPalette::Window).lightness() < 128;
    watch_system();
}

void Appearance::apply(Theme theme) {
    theme_ = theme;
    const bool dark = theme == Theme::dark || (theme == Theme::system && system_dark_);
    QApplication::setPalette(palette_of(dark));
}

void Appearance::system_preference_came(bool dark) {
    system_dark_ = dark;
    if (theme_ == Theme::system) apply(theme_);
}

#ifdef Q_OS_WIN

void Appearance::watch_system() {
    const QSettings personalize(QStringLiteral("HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\"
                                               "CurrentVersion\\Themes\\Personalize"),
                                QSettings::NativeFormat);
    system_dark_ = personalize.value(QStringLiteral("AppsUseLightTheme"), 1).toInt() == 0;
}

#else

// org.freedesktop.portal.Settings, namespace org.freedesktop.appearance: color-scheme 1 is dark.
// Qt asks it itself only from 6.5 on.
void Appearance::watch_system() {
    const auto bus = QDBusConnection::sessionBus();
    if (!bus.isConnected()) return;
    auto ask = QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.portal.Desktop"),
                                              QStringLiteral("/org/freedesktop/portal/desktop"),
                                              QStringLiteral("org.freedesktop.portal.Settings"),
                                              QStringLiteral("Read"));
    ask << QStringLiteral("org.freedesktop.appearance") << QStringLiteral("color-scheme");
    auto* answer = new QDBusPendingCallWatcher(bus.asyncCall(ask), this);
    connect(answer, &QDBusPendingCallWatcher::finished, this, [this, answer] {
        const QDBusPendingReply<QDBusVariant> reply = *answer;
        if (reply.isValid()) {
            QVariant value = reply.value().variant();
            if (value.canConvert<QDBusVariant>()) value = value.value<QDBusVariant>().variant();
            if (value.toUInt() != 0) system_preference_came(value.toUInt() == 1);
        }
        answer->deleteLater();
    });
}

#endif

}  // namespace gleaner::gui
