#pragma once
/// "Activity log": what happened on this computer, readable, filtered, to take away for a ticket.

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QTimer>

#include "client-gui/models/log_model.h"
#include "client-gui/views/page.h"

namespace gleaner::gui {

class LogPage final : public Page {
    Q_OBJECT

public:
    explicit LogPage(NodeClient& node, QWidget* parent = nullptr);

    void opened() override;

private:
    void build();
    void search();
    void refresh();
    void older();
    void filter_level();
    /// Why the node does not show its log; nothing when it does.
    void show_problem(const Refusal* refusal);
    void save_as();

    NodeClient& node_;
    LogModel model_;
    QSortFilterProxyModel shown_;
    QLineEdit* contains_;
    QComboBox* level_;
    QLabel* problem_;
    QTableView* table_;
    QPushButton* older_;
    QTimer typing_;
    QTimer following_;
};

}  // namespace gleaner::gui
