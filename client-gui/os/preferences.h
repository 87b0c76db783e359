#pragma once
/// What a person chose for this window itself; what they want of the node is the node's to keep.
/// Kept in the user's own settings file; one that cannot be read is as if there were none.

#include <QByteArray>
#include <QSettings>
#include <QString>
#include <cstdint>

namespace gleaner::gui {

enum class Theme : std::uint8_t { system, light, dark };

class Preferences {
public:
    /// Of this user.
    Preferences();
    /// In that file, for tests.
    explicit Preferences(const QString& file);

    /// "zh_CN", "en"; empty: the system's.
    [[nodiscard]] QString language() const;
    void set_language(const QString& language);
    [[nodiscard]] Theme theme() const;
    void set_theme(Theme theme);
    /// Has the person been told that closing the window leaves the icon?
    [[nodiscard]] bool told_of_tray() const;
    void set_told_of_tray();
    [[nodiscard]] QByteArray geometry() const;
    void set_geometry(const QByteArray& geometry);

private:
    QSettings file_;
};

}  // namespace gleaner::gui
