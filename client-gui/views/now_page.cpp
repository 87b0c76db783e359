#include "client-gui/views/now_page.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QMenu>

#include "client-gui/models/wording.h"
#include "client-gui/views/badge_icon.h"

namespace gleaner::gui {

namespace {
constexpr int badge_size = 56;
}

NowPage::NowPage(NodeClient& node, DeviceModel& devices, QMenu& pause_menu, QWidget* parent)
    : Page(tr("Now"), parent), node_(node), devices_(devices) {
    build(pause_menu);
    connect(&node_, &NodeClient::snapshot_changed, this, &NowPage::update);
    connect(&node_, &NodeClient::link_changed, this, &NowPage::update);
    connect(&devices_, &DeviceModel::rowsInserted, this,
            [this](const QModelIndex&, int first, int last) { add_cards(first, last); });
    connect(&devices_, &DeviceModel::rowsRemoved, this,
            [this](const QModelIndex&, int first, int last) {
                for (int row = last; row >= first; --row) delete cards_.takeAt(row);
            });
    connect(&devices_, &DeviceModel::dataChanged, this,
            [this](const QModelIndex& first, const QModelIndex& last) {
                for (int row = first.row(); row <= last.row(); ++row)
                    cards_[row]->show_device(devices_.index(row));
            });
    if (devices_.rowCount() > 0) add_cards(0, devices_.rowCount() - 1);
    update();
}

void NowPage::build(QMenu& pause_menu) {
    auto* head = new Card({}, this);
    badge_ = new QLabel(head);
    title_ = new QLabel(head);
    title_->setTextFormat(Qt::PlainText);
    make_heading(*title_, 2);
    detail_ = text_label(head);
    pause_ = new QPushButton(tr("Pause"), head);
    pause_->setMenu(&pause_menu);
    resume_ = new QPushButton(tr("Resume"), head);
    set_up_ = new QPushButton(tr("Set up this computer…"), head);
    connect(resume_, &QPushButton::clicked, this, [this] { node_.resume(or_say_why()); });
    connect(set_up_, &QPushButton::clicked, this, &NowPage::setup_wanted);

    auto* words = new QVBoxLayout;
    words->addWidget(title_);
    words->addWidget(detail_);
    auto* row = new QHBoxLayout;
    row->setSpacing(16);
    row->addWidget(badge_, 0, Qt::AlignTop);
    row->addLayout(words, 1);
    for (QPushButton* button : {pause_, resume_, set_up_}) row->addWidget(button, 0, Qt::AlignTop);
    head->body().addLayout(row);
    body().addWidget(head);

    work_ = new Card(tr("Work"), this);
    kinds_ = text_label(work_);
    today_ = text_label(work_);
    forecast_ = text_label(work_);
    make_quiet(*forecast_);
    for (QLabel* label : {kinds_, today_, forecast_}) work_->body().addWidget(label);
    body().addWidget(work_);

    cards_layout_ = new QVBoxLayout;
    cards_layout_->setSpacing(10);
    body().addLayout(cards_layout_);
    body().addStretch(1);
}

void NowPage::add_cards(int first, int last) {
    for (int row = first; row <= last; ++row) {
        auto* card = new DeviceCard(widget());
        card->show_device(devices_.index(row));
        connect(card, &DeviceCard::retry_wanted, this,
                [this](const QString& id) { node_.clear_failure(id, or_say_why()); });
        cards_.insert(row, card);
        cards_layout_->insertWidget(row, card);
    }
}

void NowPage::update() {
    const Headline now = HeadlineWording::of(node_.link(), node_.snapshot());
    badge_->setPixmap(badge_icon(now.badge).pixmap(badge_size));
    title_->setText(now.title);
    detail_->setText(now.detail);
    detail_->setVisible(!now.detail.isEmpty());
    const auto& snapshot = node_.snapshot();
    const bool joined = snapshot && snapshot->phase != Phase::not_joined;
    set_up_->setVisible(snapshot && snapshot->phase == Phase::not_joined);
    // Whoever is at the computer finds it paused, and may want it to stay so.
    pause_->setVisible(joined && !snapshot->paused_by_person);
    resume_->setVisible(snapshot && snapshot->can_resume());
    for (QPushButton* control : {set_up_, pause_, resume_})
        control->setEnabled(node_.may_control());
    work_->setVisible(joined);
    if (snapshot) update_work(*snapshot);
}

void NowPage::update_work(const NodeSnapshot& snapshot) {
    QStringList kinds;
    for (const QString& kind : snapshot.kinds) kinds << Wording::kind_of_work(kind);
    kinds_->setText(tr("Kind of work: %1.").arg(QLocale().createSeparatedList(kinds)));
    kinds_->setVisible(!kinds.isEmpty());
    const QLocale locale;
    today_->setText(
        tr("Today: %1 answers, %2 tokens.")
            .arg(locale.toString(snapshot.items_today), locale.toString(snapshot.tokens_today)));
    forecast_->setText(text(snapshot.idle_forecast));
    forecast_->setVisible(!forecast_->text().isEmpty());
}

}  // namespace gleaner::gui
