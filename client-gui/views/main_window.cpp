#include "client-gui/views/main_window.h"

#include <QAccessible>
#include <QCloseEvent>
#include <QHBoxLayout>
#include <QMenu>
#include <algorithm>
#include <utility>

#include "client-gui/models/wording.h"
#include "client-gui/views/badge_icon.h"
#include "client-gui/views/card.h"
#include "client-gui/views/earnings_page.h"
#include "client-gui/views/help_page.h"
#include "client-gui/views/log_page.h"
#include "client-gui/views/machine_page.h"
#include "client-gui/views/now_page.h"
#include "client-gui/views/privacy_page.h"
#include "client-gui/views/schedule_page.h"
#include "client-gui/views/setup_wizard.h"

namespace gleaner::gui {

namespace {
constexpr int notice_ms = 12'000;
}

MainWindow::MainWindow(NodeClient& node, BenchmarkRun& run, SettingsDraft& draft,
                       Preferences& preferences, Autostart& autostart, QMenu& pause_menu)
    : node_(node), run_(run), draft_(draft), preferences_(preferences) {
    setWindowTitle(tr("Gleaner"));
    build(autostart, pause_menu);
    connect(&node_, &NodeClient::snapshot_changed, this, &MainWindow::update);
    connect(&node_, &NodeClient::link_changed, this, &MainWindow::update);
    notice_time_.setSingleShot(true);
    notice_time_.setInterval(notice_ms);
    connect(&notice_time_, &QTimer::timeout, notice_, &QWidget::hide);
    if (!restoreGeometry(preferences_.geometry())) resize(1000, 720);
    update();
}

void MainWindow::build(Autostart& autostart, QMenu& pause_menu) {
    auto* content = new QWidget(this);
    list_ = new QListWidget(content);
    list_->setAccessibleName(tr("Pages"));
    list_->setFrameShape(QFrame::NoFrame);
    list_->setSpacing(2);
    pages_ = new QStackedWidget(content);
    notice_ = text_label(content);
    notice_->setMargin(10);
    notice_->setBackgroundRole(QPalette::AlternateBase);
    notice_->setAutoFillBackground(true);
    notice_->hide();

    auto* now = new NowPage(node_, devices_, pause_menu, pages_);
    connect(now, &NowPage::setup_wanted, this, &MainWindow::set_up);
    auto* help = new HelpPage(node_, preferences_, autostart, pages_);
    connect(help, &HelpPage::language_chosen, this, &MainWindow::language_chosen);
    connect(help, &HelpPage::theme_chosen, this, &MainWindow::theme_chosen);
    add_page(tr("Now"), now);
    add_page(tr("Earnings"), new EarningsPage(node_, pages_));
    add_page(tr("This PC"), new MachinePage(node_, run_, pages_));
    add_page(tr("When to run"), new SchedulePage(node_, draft_, pages_));
    add_page(tr("Activity log"), new LogPage(node_, pages_));
    add_page(tr("Help"), help);
    add_page(tr("Privacy"), new PrivacyPage(node_, pages_));
    connect(list_, &QListWidget::currentRowChanged, this,
            [this](int row) { open_page(static_cast<PageName>(row)); });

    auto* right = new QVBoxLayout;
    right->setSpacing(0);
    right->addWidget(pages_, 1);
    right->addWidget(notice_);
    auto* whole = new QHBoxLayout(content);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->setSpacing(0);
    whole->addWidget(list_);
    whole->addLayout(right, 1);
    setCentralWidget(content);
    list_->setCurrentRow(0);
}

void MainWindow::add_page(const QString& title, Page* page) {
    auto* item = new QListWidgetItem(title, list_);
    const int unit = fontMetrics().height();
    const int width = fontMetrics().horizontalAdvance(title) + 3 * unit;
    item->setSizeHint({width, 2 * unit});
    item->setTextAlignment(Qt::AlignCenter);
    list_->setFixedWidth(std::max(list_->minimumWidth(), width + unit));
    pages_->addWidget(page);
    connect(page, &Page::notice, this, &MainWindow::say);
}

void MainWindow::open_page(PageName page) {
    const int row = static_cast<int>(page);
    list_->setCurrentRow(row);
    if (pages_->currentIndex() == row) return;
    pages_->setCurrentIndex(row);
    static_cast<Page*>(pages_->currentWidget())->opened();
}

MainWindow::PageName MainWindow::page() const {
    return static_cast<PageName>(pages_->currentIndex());
}

void MainWindow::say(const QString& sentence) {
    notice_->setText(sentence);
    notice_->setAccessibleName(sentence);
    notice_->show();
    QAccessibleEvent heard(notice_, QAccessible::Alert);
    QAccessible::updateAccessibility(&heard);
    notice_time_.start();
}

void MainWindow::update() {
    const Headline now = HeadlineWording::of(node_.link(), node_.snapshot());
    setWindowIcon(badge_icon(now.badge));
    devices_.show(node_.snapshot() ? node_.snapshot()->devices : QList<Device>());
    const bool new_here = node_.snapshot() && node_.snapshot()->phase == Phase::not_joined;
    // Whoever leaves is not asked to join at once.
    if (node_.snapshot() && !new_here) offered_ = true;
    if (new_here && node_.may_control() && isVisible() && !std::exchange(offered_, true)) set_up();
}

void MainWindow::set_up() {
    if (findChild<SetupWizard*>() != nullptr) return;
    auto* wizard = new SetupWizard(node_, run_, this);
    wizard->setAttribute(Qt::WA_DeleteOnClose);
    wizard->open();
}

void MainWindow::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    update();
    // It may have been closed for long.
    if (!event->spontaneous()) static_cast<Page*>(pages_->currentWidget())->opened();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    preferences_.set_geometry(saveGeometry());
    QMainWindow::closeEvent(event);
    Q_EMIT closed();
}

}  // namespace gleaner::gui
