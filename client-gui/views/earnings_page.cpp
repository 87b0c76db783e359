#include "client-gui/views/earnings_page.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLocale>

#include "client-gui/models/wording.h"
#include "client-gui/views/save_text.h"

namespace gleaner::gui {

namespace {
constexpr int days_asked = 92;
constexpr int days_drawn = 30;
constexpr int again_ms = 15 * 60 * 1000;

/// "00:00" in Beijing: when a day of accounts, which is Shanghai's, begins here.
constexpr int accounting_zone_seconds = 8 * 60 * 60;
QString begin_of_day(QDate day) {
    const QDateTime begin(day, QTime(0, 0), Qt::OffsetFromUTC, accounting_zone_seconds);
    return QLocale().toString(begin.toLocalTime().time(), QLocale::ShortFormat);
}
}  // namespace

EarningsPage::EarningsPage(NodeClient& node, QWidget* parent)
    : Page(tr("Earnings"), parent), node_(node) {
    build();
    show_nothing(tr("Asking the node…"));
    again_.setInterval(again_ms);
    connect(&again_, &QTimer::timeout, this, [this] {
        if (isVisible())
            ask();
        else
            again_.stop();
    });
    connect(&node_, &NodeClient::link_changed, this, [this] {
        if (isVisible()) ask();
    });
}

void EarningsPage::build() {
    unknown_ = text_label(this);
    body().addWidget(unknown_);
    known_ = new QWidget(this);
    auto* whole = new QVBoxLayout(known_);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->setSpacing(14);

    auto* tiles = new QHBoxLayout;
    today_ = add_tile(*tiles, tr("Today"));
    week_ = add_tile(*tiles, tr("This week"));
    month_ = add_tile(*tiles, tr("This month"));
    whole->addLayout(tiles);
    day_begins_ = text_label(known_);
    make_quiet(*day_begins_);
    whole->addWidget(day_begins_);

    auto* outlook = new Card(tr("What this computer can earn"), known_);
    estimate_ = text_label(outlook);
    outlook->body().addWidget(estimate_);
    whole->addWidget(outlook);

    auto* days = new Card(tr("By day"), known_);
    chart_ = new BarChart(days);
    chart_->setAccessibleName(tr("Chart of the last 30 days; the table below says the same"));
    auto* legend = text_label(days, tr("Solid: confirmed, it is yours. Hatched: pending, until the "
                                       "checks of the answers are through."));
    make_quiet(*legend);
    table_ = new QTableView(days);
    table_->setModel(&model_);
    table_->setAccessibleName(tr("Earnings by day"));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->verticalHeader()->hide();
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    table_->setAlternatingRowColors(true);
    table_->setTabKeyNavigation(false);
    table_->setMinimumHeight(fontMetrics().height() * 10);
    export_ = new QPushButton(tr("Save as a table…"), days);
    connect(export_, &QPushButton::clicked, this, &EarningsPage::save_as);
    days->body().addWidget(chart_);
    days->body().addWidget(legend);
    days->body().addWidget(table_);
    days->body().addWidget(export_, 0, Qt::AlignLeft);
    whole->addWidget(days);

    account_ = text_label(known_);
    whole->addWidget(account_);
    body().addWidget(known_);
    body().addStretch(1);
}

EarningsPage::Tile EarningsPage::add_tile(QLayout& row, const QString& title) {
    auto* card = new Card({}, known_);
    auto* heading = new QLabel(title, card);
    make_quiet(*heading);
    const Tile tile{new QLabel(card), new QLabel(card)};
    make_heading(*tile.amount, 3);
    tile.amount->setTextInteractionFlags(Qt::TextSelectableByMouse);
    make_quiet(*tile.split);
    tile.split->setWordWrap(true);
    card->body().addWidget(heading);
    card->body().addWidget(tile.amount);
    card->body().addWidget(tile.split);
    card->setAccessibleName(title);
    row.addWidget(card);
    return tile;
}

void EarningsPage::opened() {
    ask();
    again_.start();
}

void EarningsPage::ask() {
    node_.get_earnings(days_asked, {this, [this](const Answer<Earnings>& answer) {
                                        if (const auto* refusal = std::get_if<Refusal>(&answer))
                                            show_nothing(text(refusal->why));
                                        else
                                            show_earnings(std::get<Earnings>(answer));
                                    }});
}

void EarningsPage::show_nothing(const QString& why) {
    unknown_->setText(why);
    unknown_->show();
    known_->hide();
}

void EarningsPage::show_earnings(const Earnings& earnings) {
    if (!earnings.known) {
        const QString estimate = text(earnings.estimate);
        show_nothing(estimate.isEmpty()
                         ? tr("The coordinator has not told yet what this computer earned. It is "
                              "asked again when you open this page.")
                         : estimate);
        return;
    }
    unknown_->hide();
    known_->show();
    model_.show(earnings);
    // The coordinator counts by days of Shanghai, and its clock counts.
    const QDate today =
        earnings.days.isEmpty()
            ? QDateTime::currentDateTimeUtc().toOffsetFromUtc(accounting_zone_seconds).date()
            : earnings.days.last().date;
    day_begins_->setText(tr("A day begins at %1 here.").arg(begin_of_day(today)));
    fill(today_, today, today);
    fill(week_, today.addDays(1 - today.dayOfWeek()), today);
    fill(month_, QDate(today.year(), today.month(), 1), today);
    estimate_->setText(text(earnings.estimate));
    account_->setText(tr("Paid out to: %1").arg(earnings.payout_account));
    account_->setVisible(!earnings.payout_account.isEmpty());
    QList<BarChart::Bar> bars;
    for (QDate day = today.addDays(1 - days_drawn); day <= today; day = day.addDays(1)) {
        const EarningsSum sum = model_.sum(day, day);
        bars.append({day, static_cast<double>(sum.confirmed) / 1e6,
                     static_cast<double>(sum.pending) / 1e6,
                     tr("%1: %2 confirmed, %3 pending")
                         .arg(QLocale().toString(day, QLocale::ShortFormat),
                              Wording::money(sum.confirmed, earnings.currency),
                              Wording::money(sum.pending, earnings.currency))});
    }
    chart_->show_bars(std::move(bars));
}

void EarningsPage::fill(const Tile& tile, QDate from, QDate to) {
    const EarningsSum sum = model_.sum(from, to);
    const QString& currency = model_.earnings().currency;
    tile.amount->setText(Wording::money(sum.pending + sum.confirmed, currency));
    tile.split->setText(
        tr("%1 confirmed, %2 pending")
            .arg(Wording::money(sum.confirmed, currency), Wording::money(sum.pending, currency)));
}

void EarningsPage::save_as() {
    save_text(this, tr("Save earnings"), QStringLiteral("gleaner-earnings.csv"), model_.to_csv(),
              [this](const QString& sentence) { Q_EMIT notice(sentence); });
}

}  // namespace gleaner::gui
