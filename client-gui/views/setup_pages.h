#pragma once
/// The pages of the first-run wizard, in order.

#include <QButtonGroup>
#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QTextBrowser>
#include <QVBoxLayout>
#include <QWizardPage>

#include "client-gui/views/setup_wizard.h"

namespace gleaner::gui {

class WelcomePage final : public QWizardPage {
    Q_OBJECT

public:
    explicit WelcomePage(QWidget* parent);
};

/// By a site's token, or with the owner's own key.
class AccessPage final : public QWizardPage {
    Q_OBJECT

public:
    AccessPage(SetupChoices& choices, QWidget* parent);

    [[nodiscard]] bool isComplete() const override;
    bool validatePage() override;

private:
    void build_token();
    void build_owner();
    void choose_authority();
    [[nodiscard]] QLineEdit* add_line(QLayout& layout, const QString& label, const QString& hint);

    SetupChoices& choices_;
    QRadioButton* by_token_;
    QRadioButton* by_owner_;
    QWidget* token_part_;
    QWidget* owner_part_;
    QLineEdit* coordinator_;
    QLineEdit* token_;
    QLineEdit* api_;
    QLineEdit* key_;
    QLineEdit* site_;
    QLabel* authority_;
};

/// What the owner agrees to, word for word; whoever uses a token learns that it was agreed to.
class ConsentPage final : public QWizardPage {
    Q_OBJECT

public:
    ConsentPage(NodeClient& node, SetupChoices& choices, QWidget* parent);

    void initializePage() override;
    void cleanupPage() override;
    [[nodiscard]] bool isComplete() const override;

private:
    NodeClient& node_;
    SetupChoices& choices_;
    QTextBrowser* text_;
    QLabel* problem_;
    QCheckBox* accept_;
    int entry_ = 0;  ///< answers asked for by an earlier one are ignored
};

class SuggestionPage final : public QWizardPage {
    Q_OBJECT

public:
    SuggestionPage(NodeClient& node, SetupChoices& choices, QWidget* parent);

    void initializePage() override;

private:
    void show_suggestions(const QList<Suggestion>& suggestions);

    NodeClient& node_;
    SetupChoices& choices_;
    QVBoxLayout* body_;
    QButtonGroup* kinds_;
    QLabel* meaning_;
    QCheckBox* measure_;
};

/// Takes the settings, joins, measures; each step is seen.
class JoinPage final : public QWizardPage {
    Q_OBJECT

public:
    JoinPage(NodeClient& node, BenchmarkRun& run, const SetupChoices& choices, QWidget* parent);

    void initializePage() override;
    void cleanupPage() override;
    [[nodiscard]] bool isComplete() const override { return joined_; }
    /// The node is being asked: what it does then cannot be taken back by leaving.
    [[nodiscard]] bool busy() const { return busy_; }

private:
    void take_settings();
    void join();
    void measure();
    void measured(BenchmarkRun::Outcome outcome, const QString& why);
    void say(const QString& line);
    void set_busy(bool busy);
    /// Says why it goes no further, and lets the person go back.
    [[nodiscard]] bool refused(const Refusal* refusal);

    NodeClient& node_;
    const SetupChoices& choices_;
    BenchmarkRun& run_;
    QLabel* steps_;
    QProgressBar* progress_;
    QPushButton* skip_;
    int entry_ = 0;  ///< answers asked for by an earlier one are ignored
    bool joined_ = false;
    bool busy_ = false;
};

}  // namespace gleaner::gui
