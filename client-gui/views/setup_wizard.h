#pragma once
/// The first run: what this is, how the computer joins, the owner's consent, settings that suit it,
/// a benchmark. gleaner-setup does the same unattended.

#include <QWizard>

#include "client-gui/client/node_client.h"
#include "client-gui/models/benchmark_run.h"

namespace gleaner::gui {

class JoinPage;

/// What the pages gather; nothing of it outlives the wizard.
struct SetupChoices {
    JoinRequest join;
    Wishes wishes;
    bool take_wishes = false;
    bool measure = true;
};

class SetupWizard final : public QWizard {
    Q_OBJECT

public:
    /// `run` goes on when the wizard is closed.
    SetupWizard(NodeClient& node, BenchmarkRun& run, QWidget* parent = nullptr);

    /// Stays while the node is asked to join: it would join all the same.
    void reject() override;

private:
    NodeClient& node_;
    SetupChoices choices_;
    JoinPage* join_;
};

}  // namespace gleaner::gui
