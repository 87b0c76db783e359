#pragma once
/// "Earnings": today, this week, this month, by day; pending against confirmed; the estimate.

#include <QPushButton>
#include <QTableView>
#include <QTimer>

#include "client-gui/models/earnings_model.h"
#include "client-gui/views/bar_chart.h"
#include "client-gui/views/card.h"
#include "client-gui/views/page.h"

namespace gleaner::gui {

class EarningsPage final : public Page {
    Q_OBJECT

public:
    explicit EarningsPage(NodeClient& node, QWidget* parent = nullptr);

    void opened() override;

private:
    struct Tile {
        QLabel* amount;
        QLabel* split;
    };

    void build();
    [[nodiscard]] Tile add_tile(QLayout& row, const QString& title);
    void ask();
    void show_earnings(const Earnings& earnings);
    void show_nothing(const QString& why);
    void fill(const Tile& tile, QDate from, QDate to);
    void save_as();

    NodeClient& node_;
    EarningsModel model_;
    QLabel* unknown_;
    QWidget* known_;
    Tile today_;
    Tile week_;
    Tile month_;
    QLabel* day_begins_;
    QLabel* estimate_;
    QLabel* account_;
    BarChart* chart_;
    QTableView* table_;
    QPushButton* export_;
    QTimer again_;
};

}  // namespace gleaner::gui
