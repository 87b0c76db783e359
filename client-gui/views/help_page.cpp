#include "client-gui/views/help_page.h"

#include <QClipboard>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QFormLayout>
#include <QGuiApplication>
#include <QPlainTextEdit>
#include <QPushButton>

#include "client-gui/views/card.h"
#include "client-gui/views/save_text.h"

namespace gleaner::gui {

HelpPage::HelpPage(NodeClient& node, Preferences& preferences, Autostart& autostart,
                   QWidget* parent)
    : Page(tr("Help"), parent), node_(node), preferences_(preferences), autostart_(autostart) {
    build_answers();
    build_report();
    build_choices();
    body().addStretch(1);
    connect(&node_, &NodeClient::snapshot_changed, this, &HelpPage::update);
    update();
}

void HelpPage::build_answers() {
    auto* card = new Card(tr("Questions and answers"), this);
    const QList<std::pair<QString, QString>> answers{
        {tr("Does it slow down my games?"),
         tr("No. It works only while nobody uses the computer. At the first key or movement of the "
            "mouse it stops within a tenth of a second, and for games it frees the graphics memory "
            "within a second.")},
        {tr("Why does it not earn anything?"),
         tr("The page \"Now\" says why in a sentence: somebody is here, the hours are not yours to "
            "give, or there is no work for this device at present. Nothing is paid for merely "
            "being "
            "there.")},
        {tr("Who sees my files?"),
         tr("Nobody. Work from others runs in a sandbox without files and without a network; check "
            "it on the page \"This PC\".")},
        {tr("How do I stop it?"), tr("Pause it from the icon or the page \"Now\" for as long as "
                                     "you like, or leave for good on "
                                     "the page \"Privacy\".")},
    };
    for (const auto& [question, answer] : answers) {
        auto* asked = new QLabel(question, card);
        make_heading(*asked, 0);
        card->body().addWidget(asked);
        card->body().addWidget(text_label(card, answer));
    }
    body().addWidget(card);
}

void HelpPage::build_report() {
    auto* card = new Card(tr("Ask for help"), this);
    card->body().addWidget(text_label(
        card,
        tr("A report holds versions, devices, settings and the activity log, and nothing of the "
           "requests that ran here. You see it before anybody else does. Give it to whoever runs "
           "your site, or to the operator of the grid, with your question.")));
    auto* make = new QPushButton(tr("Make a report…"), card);
    connect(make, &QPushButton::clicked, this, &HelpPage::make_report);
    card->body().addWidget(make, 0, Qt::AlignLeft);
    versions_ = text_label(card);
    make_quiet(*versions_);
    card->body().addWidget(versions_);
    body().addWidget(card);
}

void HelpPage::build_choices() {
    auto* card = new Card(tr("This window"), this);
    auto* form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::FieldsStayAtSizeHint);
    auto* language = new QComboBox(card);
    language->setAccessibleName(tr("Language"));
    language->addItem(tr("as the system"), QString());
    // Each language by its own name, for whoever cannot read the one in force.
    language->addItem(QLocale(QLocale::Chinese, QLocale::China).nativeLanguageName(),
                      QStringLiteral("zh_CN"));
    language->addItem(QStringLiteral("English"), QStringLiteral("en"));
    language->setCurrentIndex(std::max(0, language->findData(preferences_.language())));
    connect(language, &QComboBox::activated, this,
            [this, language] { Q_EMIT language_chosen(language->currentData().toString()); });
    auto* theme = new QComboBox(card);
    theme->setAccessibleName(tr("Colours"));
    theme->addItems({tr("as the system"), tr("light"), tr("dark")});
    theme->setCurrentIndex(static_cast<int>(preferences_.theme()));
    connect(theme, &QComboBox::activated, this,
            [this](int index) { Q_EMIT theme_chosen(static_cast<Theme>(index)); });
    auto* start = new QCheckBox(tr("Show the icon when I sign in"), card);
    start->setChecked(autostart_.enabled());
    connect(start, &QCheckBox::toggled, this, [this](bool on) {
        if (!autostart_.set_enabled(on))
            Q_EMIT notice(
                tr("That could not be written: check that your settings folder is not full "
                   "or read-only."));
    });
    form->addRow(tr("Language"), language);
    form->addRow(tr("Colours"), theme);
    form->addRow(start);
    card->body().addLayout(form);
    body().addWidget(card);
}

void HelpPage::update() {
    const auto& snapshot = node_.snapshot();
    QStringList lines{tr("This window: version %1").arg(QStringLiteral(GLEANER_VERSION))};
    if (snapshot) {
        lines << tr("Node: version %1").arg(node_.node_version());
        if (!snapshot->node.isEmpty())
            lines << tr("This computer: %1, site %2").arg(snapshot->node, snapshot->site);
        if (!snapshot->coordinator.isEmpty())
            lines << tr("Coordinator: %1").arg(snapshot->coordinator);
    }
    versions_->setText(lines.join('\n'));
}

void HelpPage::make_report() {
    node_.make_report(
        {this, [this](const Answer<QString>& answer) {
             if (const auto* refusal = std::get_if<Refusal>(&answer)) {
                 Q_EMIT notice(text(refusal->why));
                 return;
             }
             auto* dialog = new QDialog(this);
             dialog->setAttribute(Qt::WA_DeleteOnClose);
             dialog->setWindowTitle(tr("Report"));
             auto* report = new QPlainTextEdit(std::get<QString>(answer), dialog);
             report->setReadOnly(true);
             report->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
             report->setAccessibleName(tr("Report"));
             auto* buttons = new QDialogButtonBox(dialog);
             buttons->addButton(tr("Close"), QDialogButtonBox::RejectRole);
             auto* copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
             auto* save = buttons->addButton(tr("Save…"), QDialogButtonBox::ActionRole);
             connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
             connect(copy, &QPushButton::clicked, dialog,
                     [report] { QGuiApplication::clipboard()->setText(report->toPlainText()); });
             connect(save, &QPushButton::clicked, dialog, [this, dialog, report] {
                 save_text(dialog, tr("Save report"), QStringLiteral("gleaner-report.txt"),
                           report->toPlainText(),
                           [this](const QString& sentence) { Q_EMIT notice(sentence); });
             });
             auto* layout = new QVBoxLayout(dialog);
             layout->addWidget(report);
             layout->addWidget(buttons);
             dialog->resize(720, 520);
             dialog->open();
         }});
}

}  // namespace gleaner::gui
