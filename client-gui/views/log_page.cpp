#include "client-gui/views/log_page.h"

#include <QHBoxLayout>
#include <QHeaderView>

#include "client-gui/views/card.h"
#include "client-gui/views/save_text.h"

namespace gleaner::gui {

namespace {
constexpr int page_lines = 200;
constexpr int typing_ms = 250;
constexpr int follow_ms = 3000;
}  // namespace

LogPage::LogPage(NodeClient& node, QWidget* parent)
    : Page(tr("Activity log"), parent), node_(node) {
    build();
    typing_.setSingleShot(true);
    typing_.setInterval(typing_ms);
    following_.setInterval(follow_ms);
    connect(&typing_, &QTimer::timeout, this, &LogPage::search);
    connect(&following_, &QTimer::timeout, this, [this] {
        if (isVisible())
            refresh();
        else
            following_.stop();
    });
    connect(&node_, &NodeClient::link_changed, this, [this] {
        if (node_.link() == Link::connected && isVisible()) search();
    });
}

void LogPage::build() {
    contains_ = new QLineEdit(this);
    contains_->setPlaceholderText(tr("Find in the log"));
    contains_->setAccessibleName(tr("Find in the log"));
    contains_->setClearButtonEnabled(true);
    level_ = new QComboBox(this);
    level_->setAccessibleName(tr("Which lines are shown"));
    level_->addItem(tr("Everything"), QString());
    level_->addItem(tr("Warnings and errors"), QStringLiteral("warning|error"));
    level_->addItem(tr("Errors only"), QStringLiteral("error"));
    auto* save = new QPushButton(tr("Save a report for a ticket…"), this);
    auto* row = new QHBoxLayout;
    row->addWidget(contains_, 1);
    row->addWidget(level_);
    row->addWidget(save);
    body().addLayout(row);
    problem_ = text_label(this);
    problem_->hide();
    body().addWidget(problem_);

    shown_.setSourceModel(&model_);
    shown_.setFilterRole(LogModel::LevelRole);
    table_ = new QTableView(this);
    table_->setModel(&shown_);
    table_->setAccessibleName(tr("Activity log"));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setAlternatingRowColors(true);
    table_->setShowGrid(false);
    table_->setWordWrap(true);
    table_->setTabKeyNavigation(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setStretchLastSection(true);
    table_->setMinimumHeight(fontMetrics().height() * 20);
    body().addWidget(table_, 1);
    older_ = new QPushButton(tr("Show older lines"), this);
    body().addWidget(older_, 0, Qt::AlignLeft);

    connect(contains_, &QLineEdit::textChanged, this, [this] { typing_.start(); });
    connect(level_, &QComboBox::currentIndexChanged, this, &LogPage::filter_level);
    connect(save, &QPushButton::clicked, this, &LogPage::save_as);
    connect(older_, &QPushButton::clicked, this, &LogPage::older);
}

void LogPage::opened() {
    search();
    following_.start();
}

void LogPage::filter_level() {
    shown_.setFilterRegularExpression(level_->currentData().toString());
}

void LogPage::show_problem(const Refusal* refusal) {
    problem_->setText(refusal ? text(refusal->why) : QString());
    problem_->setVisible(refusal != nullptr);
    if (refusal && model_.rowCount() == 0) older_->hide();
}

void LogPage::search() {
    model_.clear();
    refresh();
}

void LogPage::refresh() {
    node_.read_log(0, page_lines, contains_->text(),
                   {this, [this, asked = contains_->text()](const Answer<QList<LogLine>>& answer) {
                        if (asked != contains_->text()) return;
                        show_problem(std::get_if<Refusal>(&answer));
                        const auto* lines = std::get_if<QList<LogLine>>(&answer);
                        if (!lines) return;
                        const bool first = model_.rowCount() == 0;
                        model_.add_newer(*lines);
                        if (!first) return;
                        older_->setVisible(lines->size() >= page_lines);
                        table_->resizeColumnToContents(LogModel::TimeColumn);
                        table_->resizeColumnToContents(LogModel::LevelColumn);
                    }});
}

void LogPage::older() {
    const std::uint64_t before = model_.oldest();
    node_.read_log(before, page_lines, contains_->text(),
                   {this, [this, before](const Answer<QList<LogLine>>& answer) {
                        if (model_.oldest() != before) return;
                        show_problem(std::get_if<Refusal>(&answer));
                        const auto* lines = std::get_if<QList<LogLine>>(&answer);
                        if (!lines) return;
                        model_.add_older(*lines);
                        older_->setVisible(lines->size() >= page_lines);
                    }});
}

void LogPage::save_as() {
    node_.make_report({this, [this](const Answer<QString>& answer) {
                           if (const auto* refusal = std::get_if<Refusal>(&answer)) {
                               Q_EMIT notice(text(refusal->why));
                               return;
                           }
                           save_text(this, tr("Save report"), QStringLiteral("gleaner-report.txt"),
                                     std::get<QString>(answer),
                                     [this](const QString& sentence) { Q_EMIT notice(sentence); });
                       }});
}

}  // namespace gleaner::gui
