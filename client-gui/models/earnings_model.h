#pragma once
/// What this machine earned, by day: a table (the newest day first), its sums, and the file that an
/// owner may take away.

#include <QAbstractTableModel>

#include "client-gui/client/node_snapshot.h"

namespace gleaner::gui {

struct EarningsSum {
    std::int64_t pending = 0;  ///< micro-units
    std::int64_t confirmed = 0;
    friend bool operator==(const EarningsSum&, const EarningsSum&) = default;
};

class EarningsModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { DayColumn, PendingColumn, ConfirmedColumn, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    void show(const Earnings& earnings);
    [[nodiscard]] const Earnings& earnings() const { return earnings_; }
    /// Of the days from..to, both inclusive.
    [[nodiscard]] EarningsSum sum(QDate from, QDate to) const;
    /// Comma-separated (RFC 4180), a header, amounts as plain decimals: for a spreadsheet.
    [[nodiscard]] QString to_csv() const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;

private:
    Earnings earnings_;
};

}  // namespace gleaner::gui
