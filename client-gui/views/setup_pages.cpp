#include "client-gui/views/setup_pages.h"

#include <QAbstractButton>
#include <QFile>
#include <QFileDialog>
#include <QUrl>

#include "client-gui/views/card.h"
#include "client-gui/views/suggestion_words.h"

namespace gleaner::gui {

namespace {

constexpr qint64 authority_bytes_max = 64 * 1024;
constexpr int gateway_port = 7443;

QString trimmed(const QLineEdit& line) {
    return line.text().trimmed();
}

}  // namespace

WelcomePage::WelcomePage(QWidget* parent) : QWizardPage(parent) {
    setTitle(tr("Welcome to Gleaner"));
    auto* layout = new QVBoxLayout(this);
    for (const QString& line :
         {tr("While nobody uses this computer, Gleaner lets it answer requests to language models, "
             "and its owner is paid for that."),
          tr("The moment you touch it, it is yours again: work stops within a tenth of a second."),
          tr("Work from others runs in a sandbox, without your files and without a network."),
          tr("This program is always visible, says what ran and when, and leaves with one click."),
          tr("It takes about five minutes to set up. Nothing runs before you have agreed.")})
        layout->addWidget(text_label(this, line));
    layout->addStretch(1);
}

AccessPage::AccessPage(SetupChoices& choices, QWidget* parent)
    : QWizardPage(parent), choices_(choices) {
    setTitle(tr("How does this computer join?"));
    by_token_ = new QRadioButton(tr("With an enrolment token of my site"), this);
    by_owner_ = new QRadioButton(tr("I am an owner and create a site now"), this);
    by_token_->setChecked(true);
    auto* layout = new QVBoxLayout(this);
    token_part_ = new QWidget(this);
    owner_part_ = new QWidget(this);
    layout->addWidget(by_token_);
    layout->addWidget(token_part_);
    layout->addWidget(by_owner_);
    layout->addWidget(owner_part_);
    layout->addStretch(1);
    build_token();
    build_owner();
    owner_part_->hide();
    connect(by_token_, &QRadioButton::toggled, this, [this](bool token) {
        token_part_->setVisible(token);
        owner_part_->setVisible(!token);
        Q_EMIT completeChanged();
    });
}

QLineEdit* AccessPage::add_line(QLayout& layout, const QString& label, const QString& hint) {
    auto* name = new QLabel(label, this);
    auto* line = new QLineEdit(this);
    line->setPlaceholderText(hint);
    line->setAccessibleName(label);
    name->setBuddy(line);
    layout.addWidget(name);
    layout.addWidget(line);
    connect(line, &QLineEdit::textChanged, this, &QWizardPage::completeChanged);
    return line;
}

void AccessPage::build_token() {
    auto* layout = new QVBoxLayout(token_part_);
    coordinator_ = add_line(*layout, tr("Address of the coordinator"),
                            QStringLiteral("grid.example.org:7443"));
    token_ = add_line(*layout, tr("Enrolment token"), QStringLiteral("glt_…"));
    auto* where = text_label(token_part_, tr("Whoever runs your site has both."));
    make_quiet(*where);
    layout->addWidget(where);
}

void AccessPage::build_owner() {
    auto* layout = new QVBoxLayout(owner_part_);
    api_ = add_line(*layout, tr("Address of the coordinator's console"),
                    QStringLiteral("https://grid.example.org:8443"));
    key_ = add_line(*layout, tr("Your owner's key"), QString());
    key_->setEchoMode(QLineEdit::Password);
    site_ = add_line(*layout, tr("Name of the new site"), tr("My home"));
    auto* choose = new QPushButton(tr("The grid's own certificate authority…"), this);
    authority_ =
        text_label(owner_part_, tr("Only if the operator gave you one. The key is used now and "
                                   "not kept."));
    make_quiet(*authority_);
    connect(choose, &QPushButton::clicked, this, &AccessPage::choose_authority);
    layout->addWidget(choose, 0, Qt::AlignLeft);
    layout->addWidget(authority_);
}

void AccessPage::choose_authority() {
    auto* dialog = new QFileDialog(this, tr("Certificate authority"), {},
                                   tr("Certificates (*.pem *.crt);;All files (*)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        QFile file(path);
        const bool opened = file.open(QIODevice::ReadOnly);
        const QByteArray pem = opened ? file.read(authority_bytes_max) : QByteArray();
        const bool good = pem.contains("-----BEGIN CERTIFICATE-----");
        authority_->setText(
            good ? tr("Trusts %1.").arg(path)
                 : tr("%1 is no certificate (PEM): choose the file that the operator "
                      "gave you.")
                       .arg(path));
        if (!choices_.join.owner) choices_.join.owner.emplace();
        choices_.join.owner->authority_pem = good ? QString::fromUtf8(pem) : QString();
    });
    dialog->open();
}

bool AccessPage::isComplete() const {
    if (by_token_->isChecked())
        return !trimmed(*coordinator_).isEmpty() && !trimmed(*token_).isEmpty();
    return QUrl(trimmed(*api_)).scheme() == QLatin1String("https") && !trimmed(*key_).isEmpty() &&
           !trimmed(*site_).isEmpty();
}

bool AccessPage::validatePage() {
    JoinRequest& join = choices_.join;
    if (by_token_->isChecked()) {
        join = {};
        join.coordinator = trimmed(*coordinator_);
        if (!join.coordinator.contains(':'))
            join.coordinator += QStringLiteral(":%1").arg(gateway_port);
        join.token = trimmed(*token_);
        return true;
    }
    const QString authority = join.owner ? join.owner->authority_pem : QString();
    join.token.clear();
    join.owner = OwnerAccess{trimmed(*api_), trimmed(*key_), authority};
    join.site = trimmed(*site_);
    // The gateway is beside the console unless the operator says otherwise (then: a token).
    join.coordinator = QStringLiteral("%1:%2").arg(QUrl(trimmed(*api_)).host()).arg(gateway_port);
    return true;
}

ConsentPage::ConsentPage(NodeClient& node, SetupChoices& choices, QWidget* parent)
    : QWizardPage(parent), node_(node), choices_(choices) {
    setTitle(tr("Consent"));
    text_ = new QTextBrowser(this);
    text_->setAccessibleName(tr("Text of the consent"));
    problem_ = text_label(this);
    accept_ = new QCheckBox(this);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(text_, 1);
    layout->addWidget(problem_);
    layout->addWidget(accept_);
    connect(accept_, &QCheckBox::toggled, this, &QWizardPage::completeChanged);
}

void ConsentPage::initializePage() {
    ++entry_;
    choices_.join.consent_date.clear();
    choices_.join.consent_sha256.clear();
    accept_->setChecked(false);
    problem_->hide();
    if (!choices_.join.owner) {
        accept_->setText(tr("Whoever owns this computer agrees, and I may set it up"));
        accept_->setEnabled(true);
        text_->setPlainText(
            tr("The owner of your site has agreed to the grid's conditions; the token stands for "
               "that. "
               "On this computer it means:\n\n"
               "• While nobody uses it, it answers requests to language models. That uses "
               "electricity, "
               "the graphics card and some disk space.\n"
               "• It stops at once when somebody uses it. When it may run is set on the page "
               "\"When to "
               "run\"; you can only be stricter than the owner of the site.\n"
               "• What is sent is listed on the page \"Privacy\", word for word.\n"
               "• It leaves with one click, at any time."));
        return;
    }
    text_->setPlainText(tr("Fetching the text from the coordinator…"));
    accept_->setEnabled(false);
    accept_->setText(tr("I own the computers of this site and I agree"));
    node_.read_consent(
        *choices_.join.owner,
        {this, [this, entry = entry_](const Answer<Consent>& answer) {
             if (entry != entry_) return;
             if (const auto* refusal = std::get_if<Refusal>(&answer)) {
                 text_->clear();
                 problem_->setText(text(refusal->why));
                 problem_->show();
                 return;
             }
             const auto& consent = std::get<Consent>(answer);
             choices_.join.consent_date = consent.date;
             choices_.join.consent_sha256 = consent.sha256;
             text_->setPlainText(consent.text);
             accept_->setText(tr("I own the computers of this site and I agree to this "
                                 "text of %1")
                                  .arg(consent.date));
             accept_->setEnabled(true);
         }});
}

void ConsentPage::cleanupPage() {
    ++entry_;
}

bool ConsentPage::isComplete() const {
    return accept_->isEnabled() && accept_->isChecked();
}

SuggestionPage::SuggestionPage(NodeClient& node, SetupChoices& choices, QWidget* parent)
    : QWizardPage(parent), node_(node), choices_(choices), kinds_(new QButtonGroup(this)) {
    setTitle(tr("What kind of computer is this?"));
    auto* layout = new QVBoxLayout(this);
    body_ = new QVBoxLayout;
    meaning_ = text_label(this);
    measure_ = new QCheckBox(tr("Measure what it can do (a few minutes)"), this);
    measure_->setChecked(true);
    layout->addLayout(body_);
    layout->addWidget(meaning_);
    auto* later =
        text_label(this, tr("All of it can be changed later on the page \"When to run\"."));
    make_quiet(*later);
    layout->addWidget(later);
    layout->addWidget(measure_);
    layout->addStretch(1);
    connect(measure_, &QCheckBox::toggled, this, [this](bool on) { choices_.measure = on; });
}

void SuggestionPage::initializePage() {
    if (!kinds_->buttons().isEmpty()) return;
    node_.get_settings({this, [this](const Answer<Settings>& answer) {
                            if (!kinds_->buttons().isEmpty()) return;  // it was entered twice
                            if (const auto* settings = std::get_if<Settings>(&answer))
                                show_suggestions(settings->suggestions);
                            else
                                meaning_->setText(text(std::get<Refusal>(answer).why));
                        }});
}

void SuggestionPage::show_suggestions(const QList<Suggestion>& suggestions) {
    for (const Suggestion& suggestion : suggestions) {
        auto* choice = new QRadioButton(SuggestionWords::title(suggestion.kind), this);
        kinds_->addButton(choice);
        body_->addWidget(choice);
        connect(choice, &QRadioButton::toggled, this, [this, suggestion](bool on) {
            if (!on) return;
            choices_.wishes = suggestion.wishes;
            choices_.take_wishes = true;
            meaning_->setText(text(suggestion.means));
        });
    }
    if (!kinds_->buttons().isEmpty()) kinds_->buttons().first()->setChecked(true);
}

JoinPage::JoinPage(NodeClient& node, BenchmarkRun& run, const SetupChoices& choices,
                   QWidget* parent)
    : QWizardPage(parent), node_(node), choices_(choices), run_(run) {
    setTitle(tr("Joining"));
    steps_ = text_label(this);
    progress_ = new QProgressBar(this);
    progress_->setAccessibleName(tr("Progress of the benchmark"));
    progress_->hide();
    skip_ = new QPushButton(tr("Measure later"), this);
    skip_->hide();
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(steps_);
    layout->addWidget(progress_);
    layout->addWidget(skip_, 0, Qt::AlignLeft);
    layout->addStretch(1);
    connect(skip_, &QPushButton::clicked, &run_, &BenchmarkRun::cancel);
    connect(&run_, &BenchmarkRun::changed, this, [this] { progress_->setValue(run_.percent()); });
    connect(&run_, &BenchmarkRun::finished, this, &JoinPage::measured);
}

void JoinPage::measured(BenchmarkRun::Outcome outcome, const QString& why) {
    if (progress_->isHidden()) return;  // it was begun elsewhere
    progress_->hide();
    skip_->hide();
    switch (outcome) {
        case BenchmarkRun::Outcome::done:
            say(tr("Measured. The results are on the page \"This PC\"."));
            return;
        case BenchmarkRun::Outcome::cancelled:
            say(tr("Not measured. It can be done later on the page \"This PC\"."));
            return;
        case BenchmarkRun::Outcome::failed:
            say(why);
            return;
    }
}

void JoinPage::say(const QString& line) {
    steps_->setText(steps_->text().isEmpty() ? line
                                             : steps_->text() + QStringLiteral("\n\n") + line);
}

void JoinPage::set_busy(bool busy) {
    busy_ = busy;
    // An option: Qt sets the button itself anew at each change. There is no way back once joined.
    wizard()->setOption(QWizard::DisabledBackButtonOnLastPage, busy || joined_);
    wizard()->button(QWizard::CancelButton)->setEnabled(!busy && !joined_);
}

void JoinPage::initializePage() {
    ++entry_;
    steps_->clear();
    joined_ = false;
    set_busy(true);
    if (choices_.take_wishes)
        take_settings();
    else
        join();
}

void JoinPage::cleanupPage() {
    ++entry_;
    steps_->clear();
}

bool JoinPage::refused(const Refusal* refusal) {
    if (refusal == nullptr) return false;
    say(text(refusal->why));
    say(tr("Go back, mend it, and try again."));
    set_busy(false);
    return true;
}

/// Before joining: nothing may run here by other settings than were chosen.
void JoinPage::take_settings() {
    node_.set_settings(choices_.wishes,
                       {this, [this, entry = entry_](const Answer<Settings>& answer) {
                            if (entry != entry_ || refused(std::get_if<Refusal>(&answer))) return;
                            say(tr("The settings are in force."));
                            join();
                        }});
}

void JoinPage::join() {
    say(tr("Asking the coordinator to let this computer in…"));
    node_.join(choices_.join, {this, [this, entry = entry_](const Answer<Nothing>& answer) {
                                   if (entry != entry_ || refused(std::get_if<Refusal>(&answer)))
                                       return;
                                   joined_ = true;
                                   set_busy(false);
                                   Q_EMIT completeChanged();
                                   say(tr("This computer has joined."));
                                   measure();
                               }});
}

void JoinPage::measure() {
    if (!choices_.measure) return;
    say(
        tr("Measuring what this computer can do. It takes a few minutes and can be stopped at any "
           "time; you may close this window meanwhile."));
    progress_->show();
    skip_->show();
    run_.start();
}

}  // namespace gleaner::gui
