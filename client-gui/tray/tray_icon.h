#pragma once
/// The icon beside the clock: state, menu, and the rare notification. Where a desktop has no such
/// place (GNOME), the window does without it.

#include <QMenu>
#include <QSystemTrayIcon>
#include <optional>

#include "client-gui/client/node_client.h"
#include "client-gui/models/wording.h"
#include "client-gui/tray/attention.h"

namespace gleaner::gui {

class TrayIcon final : public QObject {
    Q_OBJECT

public:
    explicit TrayIcon(NodeClient& node, QObject* parent = nullptr);

    /// Shows it, now or as soon as the desktop has a place for it; no_place() when it has none
    /// within a minute. `at_sign_in`: the desktop may still be starting its tray.
    void show(bool at_sign_in = false);
    [[nodiscard]] bool visible() const;
    [[nodiscard]] QMenu& menu() { return menu_; }
    /// Part of it, for the window too.
    [[nodiscard]] QMenu& pause_menu() { return *pause_; }
    void notify(const Notification& notification);

Q_SIGNALS:
    void open_wanted();
    void quit_wanted();
    void no_place();
    void refused(const QString& why);

private:
    void build_menu();
    void make_icon();
    void update();
    [[nodiscard]] Then<Nothing> or_say_why();

    NodeClient& node_;
    std::optional<QSystemTrayIcon> icon_;  ///< once there is a place for it
    QMenu menu_;
    QAction* state_ = nullptr;
    QMenu* pause_ = nullptr;
    QAction* snooze_ = nullptr;
    QAction* resume_ = nullptr;
    Attention attention_;
    std::optional<Headline> shown_;
    int looks_left_;  ///< for a place to be
};

}  // namespace gleaner::gui
