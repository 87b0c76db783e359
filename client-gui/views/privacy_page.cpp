#include "client-gui/views/privacy_page.h"

#include <QCheckBox>
#include <QHeaderView>
#include <QLocale>
#include <QMessageBox>

namespace gleaner::gui {

PrivacyPage::PrivacyPage(NodeClient& node, QWidget* parent)
    : Page(tr("Privacy"), parent), node_(node) {
    build();
    connect(&node_, &NodeClient::snapshot_changed, this, &PrivacyPage::update);
    update();
}

void PrivacyPage::build() {
    auto* promise = new Card(tr("What leaves this computer"), this);
    promise->body().addWidget(text_label(
        promise,
        tr("Only what the grid needs: what the devices can do, whether they are free, the answers "
           "to "
           "the requests that ran here, and how the client itself is doing. No names of your "
           "programs, no files, no key presses, no windows, no addresses you visit. The list below "
           "is what was really sent last, as it was sent.")));
    sent_ = new QTreeWidget(promise);
    sent_->setHeaderLabels({tr("What"), tr("Value"), tr("When")});
    sent_->setAccessibleName(tr("What was sent last"));
    sent_->setRootIsDecorated(false);
    sent_->setAlternatingRowColors(true);
    sent_->setWordWrap(true);
    sent_->setMinimumHeight(fontMetrics().height() * 14);
    none_ = text_label(promise);
    auto* again = new QPushButton(tr("Look again"), promise);
    connect(again, &QPushButton::clicked, this, &PrivacyPage::ask);
    promise->body().addWidget(sent_);
    promise->body().addWidget(none_);
    promise->body().addWidget(again, 0, Qt::AlignLeft);
    body().addWidget(promise);

    auto* consent = new Card(tr("Your consent"), this);
    consent_ = text_label(consent);
    leave_ = new QPushButton(tr("Leave Gleaner on this computer…"), consent);
    connect(leave_, &QPushButton::clicked, this, &PrivacyPage::leave);
    consent->body().addWidget(consent_);
    consent->body().addWidget(leave_, 0, Qt::AlignLeft);
    body().addWidget(consent);
    body().addStretch(1);
}

void PrivacyPage::opened() {
    ask();
}

void PrivacyPage::update() {
    const auto& snapshot = node_.snapshot();
    const bool joined = snapshot && snapshot->phase != Phase::not_joined;
    leave_->setEnabled(joined && node_.may_control());
    if (!snapshot) {
        consent_->setText(tr("The node is not reached; what it sends cannot be shown now."));
    } else if (!joined) {
        consent_->setText(tr("This computer belongs to no site: nothing is sent."));
    } else if (snapshot->consent.isValid()) {
        consent_->setText(
            tr("Given on %1. It can be taken back at any time, without a reason: this "
               "computer then leaves at once.")
                .arg(QLocale().toString(snapshot->consent, QLocale::LongFormat)));
    } else {
        consent_->setText(
            tr("The owner of the site gave it before this computer joined. This "
               "computer can leave at any time."));
    }
}

void PrivacyPage::ask() {
    node_.read_sent({this, [this](const Answer<QList<SentField>>& answer) {
                         const auto* fields = std::get_if<QList<SentField>>(&answer);
                         sent_->clear();
                         if (fields)
                             for (const SentField& field : *fields)
                                 new QTreeWidgetItem(
                                     sent_, {text(field.what), field.value,
                                             QLocale().toString(field.at, QLocale::ShortFormat)});
                         for (const int column : {0, 1}) {
                             sent_->resizeColumnToContents(column);
                             sent_->setColumnWidth(column, std::min(sent_->columnWidth(column),
                                                                    fontMetrics().height() * 22));
                         }
                         const auto* refusal = std::get_if<Refusal>(&answer);
                         none_->setText(refusal             ? text(refusal->why)
                                        : fields->isEmpty() ? tr("Nothing was sent yet.")
                                                            : QString());
                         none_->setVisible(!none_->text().isEmpty());
                     }});
}

void PrivacyPage::leave() {
    auto* question = new QMessageBox(
        QMessageBox::Question, tr("Leave Gleaner"),
        tr("This computer stops working for Gleaner at once, its identity is deleted, and it earns "
           "nothing more. What it has earned stays yours."),
        QMessageBox::NoButton, this);
    question->setAttribute(Qt::WA_DeleteOnClose);
    auto* keep = new QCheckBox(tr("Keep the downloaded models, in case it joins again"), question);
    question->setCheckBox(keep);
    auto* yes = question->addButton(tr("Leave"), QMessageBox::DestructiveRole);
    question->setDefaultButton(question->addButton(tr("Cancel"), QMessageBox::RejectRole));
    connect(question, &QMessageBox::buttonClicked, this,
            [this, keep, yes](QAbstractButton* pressed) {
                if (pressed == yes) node_.leave(keep->isChecked(), or_say_why());
            });
    question->open();
}

}  // namespace gleaner::gui
