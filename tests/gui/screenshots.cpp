/// Paints every page of the tray app in both languages and both themes into PNG files:
///   gui_screenshots FOLDER
/// Ends with 1 if a page came out blank or two pages came out the same.

#include <QApplication>
#include <QDir>
#include <QSet>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>

#include "client-gui/application.h"
#include "client-gui/views/setup_wizard.h"
#include "tests/gui/fake_node.h"

namespace {

using namespace gleaner::gui;

/// Lets the app ask and be answered.
void settle() {
    QTest::qWait(400);
}

class Gallery {
public:
    explicit Gallery(QString folder) : folder_(std::move(folder)) {}

    void take(QWidget& widget, const QString& name) {
        const QImage image = widget.grab().toImage();
        QSet<QRgb> colours;
        for (int y = 0; y < image.height(); y += 3)
            for (int x = 0; x < image.width(); x += 3) colours.insert(image.pixel(x, y));
        const QByteArray bytes(reinterpret_cast<const char*>(image.constBits()),
                               image.sizeInBytes());
        if (colours.size() < 8 || seen_.contains(qHash(bytes))) {
            qWarning("%s is blank or the same as another", qPrintable(name));
            bad_ = true;
        }
        seen_.insert(qHash(bytes));
        // Quality 0 is the smallest file: they are kept under docs/screenshots.
        image.convertToFormat(QImage::Format_RGB888).save(folder_ + '/' + name + ".png", "PNG", 0);
    }
    [[nodiscard]] bool bad() const { return bad_; }

private:
    QString folder_;
    QSet<size_t> seen_;
    bool bad_ = false;
};

void shoot(Gallery& gallery, const QString& language, Theme theme) {
    QTemporaryDir home;
    Preferences preferences(home.filePath("gleaner.ini"));
    preferences.set_language(language);
    preferences.set_theme(theme);
    Autostart autostart("/usr/bin/gleaner", home.path());
    test::FakeNode node;
    node.state = test::earning_state();
    node.answer_all();
    Application app([&node] { return node.path(); }, preferences, autostart);
    app.start(false);
    QSignalSpy came(&app.node(), &NodeClient::snapshot_changed);
    if (!app.node().snapshot()) came.wait(5000);
    const QString suffix = '-' + language + (theme == Theme::dark ? "-dark" : "-light");
    const QStringList names{"now", "earnings", "machine", "schedule", "log", "help", "privacy"};
    app.window()->resize(1000, 720);
    for (int page = 0; page < names.size(); ++page) {
        app.window()->open_page(static_cast<MainWindow::PageName>(page));
        settle();
        gallery.take(*app.window(), names[page] + suffix);
    }
    app.window()->open_page(MainWindow::PageName::now);
    node.state.set_phase(gleaner::control::State::NOT_JOINED);
    node.state.clear_devices();
    node.tell();
    settle();
    if (auto* wizard = app.window()->findChild<SetupWizard*>()) {
        gallery.take(*wizard, "setup" + suffix);
        wizard->next();
        settle();
        gallery.take(*wizard, "setup-access" + suffix);
    }
    node.down();
    settle();
    gallery.take(*app.window(), "absent" + suffix);
}

}  // namespace

int main(int argc, char** argv) {
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication qt(argc, argv);
    if (argc != 2 || !QDir().mkpath(argv[1])) {
        qCritical("usage: gui_screenshots FOLDER");
        return 2;
    }
    Gallery gallery(argv[1]);
    for (const char* language : {"zh_CN", "en"})
        for (const Theme theme : {Theme::light, Theme::dark}) shoot(gallery, language, theme);
    return gallery.bad() ? 1 : 0;
}
