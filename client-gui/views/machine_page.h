#pragma once
/// "This PC": devices and what a benchmark found, compared with others of their kind; the sandbox's
/// own evidence; how it is found out whether somebody is here.

#include <QProgressBar>
#include <QPushButton>
#include <QTreeWidget>

#include "client-gui/models/benchmark_run.h"
#include "client-gui/views/card.h"
#include "client-gui/views/page.h"

namespace gleaner::gui {

class MachinePage final : public Page {
    Q_OBJECT

public:
    MachinePage(NodeClient& node, BenchmarkRun& run, QWidget* parent = nullptr);

private:
    void build_benchmark();
    void build_sandbox();
    void build_sources();
    void update();
    void update_benchmark();
    void check_sandbox();
    void show_sandbox(const SandboxReport& report);

    NodeClient& node_;
    BenchmarkRun& run_;
    QTreeWidget* figures_;
    QPushButton* measure_;
    QPushButton* cancel_;
    QProgressBar* progress_;
    QLabel* step_;
    QPushButton* check_;
    QLabel* safe_;
    QTreeWidget* attempts_;
    QTreeWidget* sources_;
    QLabel* disk_;
    QList<Device> shown_devices_;
    QList<Source> shown_sources_;
};

}  // namespace gleaner::gui
