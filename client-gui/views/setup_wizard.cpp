#include "client-gui/views/setup_wizard.h"

#include "client-gui/views/setup_pages.h"

namespace gleaner::gui {

SetupWizard::SetupWizard(NodeClient& node, BenchmarkRun& run, QWidget* parent)
    : QWizard(parent), node_(node), join_(new JoinPage(node, run, choices_, this)) {
    setWindowTitle(tr("Set up Gleaner"));
    setWizardStyle(QWizard::ModernStyle);
    setOption(QWizard::NoBackButtonOnLastPage, false);
    setOption(QWizard::NoBackButtonOnStartPage);
    // Named here: Qt's own translations need not be installed.
    setButtonText(QWizard::BackButton, tr("&Back"));
    setButtonText(QWizard::NextButton, tr("&Next"));
    setButtonText(QWizard::CancelButton, tr("Cancel"));
    setButtonText(QWizard::FinishButton, tr("&Done"));
    addPage(new WelcomePage(this));
    addPage(new AccessPage(choices_, this));
    addPage(new ConsentPage(node_, choices_, this));
    addPage(new SuggestionPage(node_, choices_, this));
    addPage(join_);
    resize(720, 560);
}

void SetupWizard::reject() {
    if (!join_->busy()) QWizard::reject();
}

}  // namespace gleaner::gui
