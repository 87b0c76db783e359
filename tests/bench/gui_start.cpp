/// The tray app as main.cpp starts it, saying when its window was first painted and what it then
/// holds; or, with --bare, a window of Qt alone: the least that such a program can cost.
///   bench_gui_start SOCKET | --bare
/// Prints "painted", then after two seconds of rest "resident_kib N", and waits to be ended.

#include <QApplication>
#include <QLabel>
#include <QTemporaryDir>
#include <QTimer>
#include <cstdio>
#include <fstream>
#include <string>

#include "client-gui/application.h"

namespace {

class FirstPaint final : public QObject {
public:
    FirstPaint() { qApp->installEventFilter(this); }

protected:
    /// Of any widget: a window that its children cover is never painted itself.
    bool eventFilter(QObject* /*watched*/, QEvent* event) override {
        if (event->type() != QEvent::Paint || seen_) return false;
        seen_ = true;
        // Once the whole window is.
        QTimer::singleShot(0, this, [] {
            std::puts("painted");
            std::fflush(stdout);
        });
        QTimer::singleShot(2000, this, [] {
            std::ifstream status("/proc/self/status");
            for (std::string line; std::getline(status, line);)
                if (line.starts_with("VmRSS:"))
                    std::printf("resident_kib %ld\n", std::stol(line.substr(6)));
            std::fflush(stdout);
        });
        return false;
    }

private:
    bool seen_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    QApplication qt(argc, argv);
    if (argc != 2) return 2;
    const QString socket(argv[1]);
    if (socket == "--bare") {
        QLabel label("Gleaner");
        const FirstPaint paint;
        label.resize(1000, 720);
        label.show();
        return QApplication::exec();
    }
    const QTemporaryDir home;
    gleaner::gui::Preferences preferences(home.filePath("gleaner.ini"));
    preferences.set_language("zh_CN");
    gleaner::gui::Autostart autostart(QApplication::applicationFilePath(), home.path());
    gleaner::gui::Application application([&] { return socket; }, preferences, autostart);
    const FirstPaint paint;
    application.start(false);
    return QApplication::exec();
}
