#include "client-gui/application.h"

#include <QApplication>
#include <QLibraryInfo>
#include <QLocale>
#include <QTimer>

namespace gleaner::gui {

Application::Application(std::function<QString()> socket_path, Preferences& preferences,
                         Autostart& autostart)
    : preferences_(preferences),
      autostart_(autostart),
      node_(std::move(socket_path)),
      run_(node_, nullptr),
      draft_(node_, nullptr) {
    QApplication::setQuitOnLastWindowClosed(false);
    appearance_.apply(preferences_.theme());
    speak(preferences_.language());
    make_views();
}

Application::~Application() = default;

void Application::speak(const QString& language) {
    const QLocale locale = language.isEmpty() ? QLocale::system() : QLocale(language);
    QLocale::setDefault(locale);
    QCoreApplication::removeTranslator(&translator_);
    QCoreApplication::removeTranslator(&qt_translator_);
    // English has a file too: its plurals.
    const bool chinese = locale.language() == QLocale::Chinese;
    if (translator_.load(chinese ? QStringLiteral(":/i18n/gleaner_zh_CN.qm")
                                 : QStringLiteral(":/i18n/gleaner_en.qm")))
        QCoreApplication::installTranslator(&translator_);
    // Qt's own dialogs, where its words are installed.
    if (chinese && qt_translator_.load(QStringLiteral("qtbase_zh_CN"),
                                       QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&qt_translator_);
}

void Application::make_views() {
    tray_ = std::make_unique<TrayIcon>(node_);
    window_ = std::make_unique<MainWindow>(node_, run_, draft_, preferences_, autostart_,
                                           tray_->pause_menu());
    connect(tray_.get(), &TrayIcon::open_wanted, this, &Application::open_window);
    connect(tray_.get(), &TrayIcon::quit_wanted, qApp, &QCoreApplication::quit);
    connect(tray_.get(), &TrayIcon::refused, window_.get(), &MainWindow::say);
    connect(window_.get(), &MainWindow::closed, this, &Application::window_closed);
    connect(window_.get(), &MainWindow::theme_chosen, this, [this](Theme theme) {
        preferences_.set_theme(theme);
        appearance_.apply(theme);
    });
    // All words change at once: the views are made anew, after the click that asked for it is over.
    connect(window_.get(), &MainWindow::language_chosen, this, [this](const QString& language) {
        QTimer::singleShot(0, this, [this, language] {
            preferences_.set_language(language);
            const auto page = window_->page();
            preferences_.set_geometry(window_->saveGeometry());
            speak(language);
            window_.reset();
            make_views();
            tray_->show();
            window_->open_page(page);
            window_->show();
        });
    });
}

void Application::start(bool hidden) {
    node_.start();
    // At sign-in the desktop's tray may come later than this program.
    if (hidden) connect(tray_.get(), &TrayIcon::no_place, this, &Application::open_window);
    tray_->show(hidden);
    if (!hidden) open_window();
}

void Application::open_window() {
    window_->show();
    window_->setWindowState(window_->windowState() & ~Qt::WindowMinimized);
    window_->raise();
    window_->activateWindow();
}

void Application::window_closed() {
    if (!tray_->visible()) {
        QCoreApplication::quit();
        return;
    }
    if (preferences_.told_of_tray()) return;
    preferences_.set_told_of_tray();
    tray_->notify({tr("Gleaner is still here"),
                   tr("The icon stays, and the node goes on working while the computer is idle.")});
}

}  // namespace gleaner::gui
