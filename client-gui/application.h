#pragma once
/// The object graph of the tray app, and what joins its parts: language, colours, the window that
/// may close while the icon stays.

#include <QTranslator>
#include <memory>

#include "client-gui/client/node_client.h"
#include "client-gui/models/benchmark_run.h"
#include "client-gui/models/settings_draft.h"
#include "client-gui/os/appearance.h"
#include "client-gui/os/autostart.h"
#include "client-gui/os/preferences.h"
#include "client-gui/tray/tray_icon.h"
#include "client-gui/views/main_window.h"

namespace gleaner::gui {

class Application final : public QObject {
    Q_OBJECT

public:
    Application(std::function<QString()> socket_path, Preferences& preferences,
                Autostart& autostart);
    ~Application() override;

    /// `hidden`: only the icon; the window comes when there is no place for one within a minute.
    void start(bool hidden);
    void open_window();
    [[nodiscard]] MainWindow* window() { return window_.get(); }
    [[nodiscard]] NodeClient& node() { return node_; }

private:
    void speak(const QString& language);
    void make_views();
    void window_closed();

    Preferences& preferences_;
    Autostart& autostart_;
    Appearance appearance_;
    QTranslator translator_;
    QTranslator qt_translator_;
    NodeClient node_;
    // These outlive the windows that show them.
    BenchmarkRun run_;
    SettingsDraft draft_;
    std::unique_ptr<TrayIcon> tray_;
    std::unique_ptr<MainWindow> window_;
};

}  // namespace gleaner::gui
