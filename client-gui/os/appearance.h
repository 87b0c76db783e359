#pragma once
/// Light or dark: what the system prefers, and the palettes of both. GUI thread only.

#include <QObject>
#include <QPalette>

#include "client-gui/os/preferences.h"

namespace gleaner::gui {

/// The colours of the program; contrast of text at least 4.5 : 1 (WCAG 2.1 AA).
[[nodiscard]] QPalette palette_of(bool dark);

class Appearance final : public QObject {
    Q_OBJECT

public:
    explicit Appearance(QObject* parent = nullptr);

    /// Puts the program's style and colours in force, now and when the system's preference changes.
    void apply(Theme theme);

private:
    void system_preference_came(bool dark);
    void watch_system();

    Theme theme_ = Theme::system;
    bool system_dark_ = false;
};

}  // namespace gleaner::gui
