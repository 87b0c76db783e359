#pragma once
/// The window: a list of pages at the side, the page, and a line for what just happened. Nothing in
/// it decides anything; closing it ends nothing.

#include <QLabel>
#include <QListWidget>
#include <QMainWindow>
#include <QStackedWidget>
#include <QTimer>

#include "client-gui/models/benchmark_run.h"
#include "client-gui/models/device_model.h"
#include "client-gui/models/settings_draft.h"
#include "client-gui/os/autostart.h"
#include "client-gui/os/preferences.h"
#include "client-gui/views/page.h"

class QMenu;

namespace gleaner::gui {

class MainWindow final : public QMainWindow {
    Q_OBJECT

public:
    MainWindow(NodeClient& node, BenchmarkRun& run, SettingsDraft& draft, Preferences& preferences,
               Autostart& autostart, QMenu& pause_menu);

    /// In the order of the list.
    enum class PageName : std::uint8_t { now, earnings, machine, schedule, log, help, privacy };
    void open_page(PageName page);
    [[nodiscard]] PageName page() const;
    /// Says it for a while at the bottom.
    void say(const QString& sentence);
    /// The first-run wizard.
    void set_up();

Q_SIGNALS:
    void language_chosen(const QString& language);
    void theme_chosen(Theme theme);
    void closed();

protected:
    void showEvent(QShowEvent* event) override;
    void closeEvent(QCloseEvent* event) override;

private:
    void build(Autostart& autostart, QMenu& pause_menu);
    void add_page(const QString& title, Page* page);
    void update();

    NodeClient& node_;
    BenchmarkRun& run_;
    SettingsDraft& draft_;
    Preferences& preferences_;
    DeviceModel devices_;
    QListWidget* list_;
    QStackedWidget* pages_;
    QLabel* notice_;
    QTimer notice_time_;
    bool offered_ = false;  ///< the wizard came by itself, or was not needed
};

}  // namespace gleaner::gui
