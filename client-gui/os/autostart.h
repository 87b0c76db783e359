#pragma once
/// Does the window's icon come by itself when this user signs in?

#include <QString>

namespace gleaner::gui {

class Autostart {
public:
    /// `program`: this program's path. `folder`: where the session looks (XDG autostart; not used
    /// on Windows); empty: this user's.
    explicit Autostart(QString program, QString folder = {});

    [[nodiscard]] bool enabled() const;
    /// False: it could not be written.
    bool set_enabled(bool enabled);

private:
    QString program_;
    QString file_;
};

}  // namespace gleaner::gui
