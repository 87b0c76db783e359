#include "client-gui/views/machine_page.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLocale>
#include <algorithm>

#include "client-gui/models/wording.h"

namespace gleaner::gui {

namespace {

QTreeWidget* table(QWidget* parent, const QStringList& columns, const QString& name) {
    auto* tree = new QTreeWidget(parent);
    tree->setHeaderLabels(columns);
    tree->setAccessibleName(name);
    tree->setAlternatingRowColors(true);
    tree->setUniformRowHeights(false);
    tree->setWordWrap(true);
    tree->setRootIsDecorated(false);
    tree->header()->setStretchLastSection(true);
    return tree;
}

/// As tall as its rows, up to a dozen: the page scrolls, not each table.
void fit(QTreeWidget& tree) {
    int rows = 0;
    for (QTreeWidgetItemIterator item(&tree); *item != nullptr; ++item) ++rows;
    for (int column = 0; column + 1 < tree.columnCount(); ++column)
        tree.resizeColumnToContents(column);
    tree.setFixedHeight(tree.header()->sizeHint().height() + 2 * tree.frameWidth() +
                        std::clamp(rows, 1, 12) *
                            std::max(tree.sizeHintForRow(0), tree.fontMetrics().height()) +
                        4);
}

QString value_of(const Figure& figure) {
    const QLocale locale;
    const int decimals = figure.median < 100 ? 1 : 0;
    const QString median = locale.toString(figure.median, 'f', decimals);
    return figure.spread > 0
               ? QStringLiteral("%1 ± %2 %3")
                     .arg(median, locale.toString(figure.spread, 'f', decimals), figure.unit)
               : QStringLiteral("%1 %2").arg(median, figure.unit);
}

}  // namespace

MachinePage::MachinePage(NodeClient& node, BenchmarkRun& run, QWidget* parent)
    : Page(tr("This PC"), parent), node_(node), run_(run) {
    build_benchmark();
    build_sandbox();
    build_sources();
    body().addStretch(1);
    connect(&node_, &NodeClient::snapshot_changed, this, &MachinePage::update);
    connect(&run_, &BenchmarkRun::changed, this, &MachinePage::update_benchmark);
    connect(&run_, &BenchmarkRun::finished, this,
            [this](BenchmarkRun::Outcome, const QString& why) {
                if (!why.isEmpty()) Q_EMIT notice(why);
            });
    update();
    update_benchmark();
}

void MachinePage::build_benchmark() {
    auto* card = new Card(tr("Devices and benchmark"), this);
    figures_ = table(card, {tr("Device"), tr("Result")}, tr("Results of the benchmark"));
    figures_->setRootIsDecorated(true);
    measure_ = new QPushButton(tr("Measure this computer"), card);
    cancel_ = new QPushButton(tr("Stop measuring"), card);
    progress_ = new QProgressBar(card);
    progress_->setAccessibleName(tr("Progress of the benchmark"));
    step_ = text_label(card);
    make_quiet(*step_);
    connect(measure_, &QPushButton::clicked, &run_, &BenchmarkRun::start);
    connect(cancel_, &QPushButton::clicked, &run_, &BenchmarkRun::cancel);
    auto* row = new QHBoxLayout;
    row->addWidget(measure_);
    row->addWidget(cancel_);
    row->addWidget(progress_, 3);
    row->addStretch(1);
    card->body().addWidget(figures_);
    card->body().addLayout(row);
    card->body().addWidget(step_);
    body().addWidget(card);
}

void MachinePage::build_sandbox() {
    auto* card = new Card(tr("Sandbox"), this);
    safe_ =
        text_label(card, tr("Work from others runs in a sandbox: it sees neither your files nor "
                            "your network nor other programs. Check it yourself: a program tries "
                            "to break out, and you see each attempt."));
    check_ = new QPushButton(tr("Check the sandbox"), card);
    attempts_ = table(card, {tr("Attempt"), tr("Outcome"), tr("Details")},
                      tr("Attempts to leave the sandbox"));
    attempts_->hide();
    connect(check_, &QPushButton::clicked, this, &MachinePage::check_sandbox);
    card->body().addWidget(safe_);
    card->body().addWidget(check_, 0, Qt::AlignLeft);
    card->body().addWidget(attempts_);
    body().addWidget(card);
}

void MachinePage::build_sources() {
    auto* card = new Card(tr("How Gleaner notices that you are here"), this);
    sources_ =
        table(card, {tr("What"), tr("Works"), tr("How")}, tr("How your presence is noticed"));
    disk_ = text_label(card);
    make_quiet(*disk_);
    card->body().addWidget(sources_);
    card->body().addWidget(disk_);
    body().addWidget(card);
}

void MachinePage::update() {
    setEnabled(node_.snapshot().has_value());
    if (!node_.snapshot()) return;
    const NodeSnapshot& snapshot = *node_.snapshot();
    if (snapshot.sources != shown_sources_) {
        shown_sources_ = snapshot.sources;
        sources_->clear();
        for (const Source& source : shown_sources_)
            new QTreeWidgetItem(sources_, {Wording::source(source.what),
                                           source.works ? tr("yes") : tr("no"), text(source.how)});
        fit(*sources_);
    }
    disk_->setText(
        tr("Models on the disk: %1, %2 of at most %3; %4 are free. Traffic this month: %5 "
           "down, %6 up.")
            .arg(QLocale().toString(snapshot.models), Wording::bytes(snapshot.disk_used),
                 Wording::bytes(snapshot.disk_quota), Wording::bytes(snapshot.disk_free),
                 Wording::bytes(snapshot.down_month), Wording::bytes(snapshot.up_month)));
    const auto same = [](const Device& a, const Device& b) {
        return a.id == b.id && a.figures == b.figures && a.verdict == b.verdict &&
               a.measured == b.measured;
    };
    if (std::equal(snapshot.devices.begin(), snapshot.devices.end(), shown_devices_.begin(),
                   shown_devices_.end(), same))
        return;
    shown_devices_ = snapshot.devices;
    figures_->clear();
    for (const Device& device : shown_devices_) {
        const QString verdict = text(device.verdict);
        const QString when =
            device.measured.isValid()
                ? tr("measured %1").arg(QLocale().toString(device.measured, QLocale::ShortFormat))
                : tr("not measured yet");
        auto* item = new QTreeWidgetItem(
            figures_,
            {device.name, verdict.isEmpty() ? when : when + QStringLiteral(" · ") + verdict});
        item->setToolTip(1, verdict);
        for (const Figure& figure : device.figures)
            new QTreeWidgetItem(item,
                                {Wording::figure(figure.name, device.is_gpu()), value_of(figure)});
        item->setExpanded(true);
    }
    fit(*figures_);
}

void MachinePage::update_benchmark() {
    const bool running = run_.running();
    measure_->setVisible(!running);
    measure_->setEnabled(node_.may_control());
    cancel_->setVisible(running);
    progress_->setVisible(running);
    progress_->setValue(run_.percent());
    const QString step = run_.step();
    step_->setText(step.isEmpty() ? tr("It takes a few minutes, and the computer does nothing else "
                                       "for Gleaner meanwhile. It can be stopped at any time.")
                                  : step);
}

void MachinePage::check_sandbox() {
    check_->setEnabled(false);
    node_.check_sandbox({this, [this](const Answer<SandboxReport>& answer) {
                             check_->setEnabled(true);
                             if (const auto* refusal = std::get_if<Refusal>(&answer))
                                 Q_EMIT notice(text(refusal->why));
                             else
                                 show_sandbox(std::get<SandboxReport>(answer));
                         }});
}

void MachinePage::show_sandbox(const SandboxReport& report) {
    safe_->setText(
        report.safe ? tr("The sandbox held: none of the attempts below came through.")
                    : tr("The sandbox did not hold. Nothing is run on this computer until it does; "
                         "send a report from the help page."));
    attempts_->clear();
    for (const SandboxAttempt& attempt : report.attempts) {
        auto* item = new QTreeWidgetItem(
            attempts_, {Wording::sandbox_attempt(attempt.name),
                        attempt.held ? tr("refused") : tr("came through"), attempt.detail});
        item->setToolTip(0, attempt.name);  // as the node's log and a report call it
    }
    attempts_->show();
    fit(*attempts_);
}

}  // namespace gleaner::gui
