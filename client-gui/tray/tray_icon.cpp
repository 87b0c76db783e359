#include "client-gui/tray/tray_icon.h"

#include <QGuiApplication>
#include <QTimer>

#include "client-gui/os/desktop_tray.h"
#include "client-gui/views/badge_icon.h"

namespace gleaner::gui {

namespace {

constexpr int hour_s = 3600;
constexpr int snooze_s = 30 * 60;
/// Desktops start their tray after the programs of the session.
constexpr int look_for_tray_ms = 2000;
constexpr int looks_for_tray = 30;
/// With so many left, the older tray of X11 is looked for, too.
constexpr int looks_for_x11_tray = 20;

}  // namespace

TrayIcon::TrayIcon(NodeClient& node, QObject* parent)
    : QObject(parent), node_(node), looks_left_(looks_for_tray) {
    build_menu();
    connect(&node_, &NodeClient::snapshot_changed, this, &TrayIcon::update);
    connect(&node_, &NodeClient::link_changed, this, &TrayIcon::update);
    update();
}

void TrayIcon::build_menu() {
    state_ = menu_.addAction(QString());
    state_->setEnabled(false);
    menu_.addSeparator();
    connect(menu_.addAction(tr("Open Gleaner")), &QAction::triggered, this, &TrayIcon::open_wanted);
    snooze_ = menu_.addAction(tr("Snooze for 30 minutes"));
    snooze_->setToolTip(
        tr("Goes on by itself afterwards, but never in the middle of a game or film"));
    connect(snooze_, &QAction::triggered, this,
            [this] { node_.pause(PauseUntil::seconds, snooze_s, true, or_say_why()); });
    pause_ = menu_.addMenu(tr("Pause"));
    pause_->addAction(snooze_);
    connect(pause_->addAction(tr("For 1 hour")), &QAction::triggered, this,
            [this] { node_.pause(PauseUntil::seconds, hour_s, false, or_say_why()); });
    connect(pause_->addAction(tr("Until tomorrow")), &QAction::triggered, this,
            [this] { node_.pause(PauseUntil::tomorrow, 0, false, or_say_why()); });
    connect(pause_->addAction(tr("Until I resume")), &QAction::triggered, this,
            [this] { node_.pause(PauseUntil::resumed, 0, false, or_say_why()); });
    resume_ = menu_.addAction(tr("Resume"));
    connect(resume_, &QAction::triggered, this, [this] { node_.resume(or_say_why()); });
    menu_.addSeparator();
    auto* quit = menu_.addAction(tr("Quit this window and icon"));
    quit->setToolTip(tr("The node itself goes on; this only closes what shows it"));
    connect(quit, &QAction::triggered, this, &TrayIcon::quit_wanted);
}

Then<Nothing> TrayIcon::or_say_why() {
    return {this, [this](const Answer<Nothing>& answer) {
                if (const auto* refusal = std::get_if<Refusal>(&answer))
                    Q_EMIT refused(text(refusal->why));
            }};
}

void TrayIcon::show(bool at_sign_in) {
    // Qt asks the message bus once, and keeps a "no" for as long as the program runs.
    const bool x11 = QGuiApplication::platformName() == QLatin1String("xcb");
    const bool too_early =
        at_sign_in && looks_left_ > (x11 ? looks_for_x11_tray : 0) && !desktop_tray_announced();
    if (!too_early && QSystemTrayIcon::isSystemTrayAvailable()) {
        make_icon();
    } else if (looks_left_-- > 0) {
        QTimer::singleShot(look_for_tray_ms, this, [this, at_sign_in] { show(at_sign_in); });
    } else {
        Q_EMIT no_place();
    }
}

void TrayIcon::make_icon() {
    icon_.emplace();
    icon_->setContextMenu(&menu_);
    connect(&*icon_, &QSystemTrayIcon::activated, this,
            [this](QSystemTrayIcon::ActivationReason reason) {
                if (reason != QSystemTrayIcon::Context) Q_EMIT open_wanted();
            });
    connect(&*icon_, &QSystemTrayIcon::messageClicked, this, &TrayIcon::open_wanted);
    shown_.reset();
    update();
    icon_->show();
    update();  // tells of a trouble that waited
}

bool TrayIcon::visible() const {
    return icon_ && icon_->isVisible() && QSystemTrayIcon::isSystemTrayAvailable();
}

void TrayIcon::notify(const Notification& notification) {
    if (visible()) icon_->showMessage(notification.title, notification.body, icon_->icon());
}

void TrayIcon::update() {
    const Headline now = HeadlineWording::of(node_.link(), node_.snapshot());
    if (shown_ != now) {
        if (icon_) {
            icon_->setIcon(badge_icon(now.badge));
            icon_->setToolTip(now.detail.isEmpty() ? now.title : now.title + '\n' + now.detail);
        }
        state_->setText(now.title);
        shown_ = now;
    }
    const bool can = node_.snapshot() && node_.may_control();
    pause_->setEnabled(can);
    snooze_->setEnabled(can);
    resume_->setEnabled(can && node_.snapshot()->can_resume());
    // What cannot be shown now is told later.
    if (!visible()) return;
    if (const auto notification = attention_.look(node_.snapshot())) notify(*notification);
}

}  // namespace gleaner::gui
