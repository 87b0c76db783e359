#pragma once
/// The hours of a week as a table of seven days by 24 hours; each cell says to a screen reader what
/// it means.

#include <QAbstractTableModel>
#include <bitset>

namespace gleaner::gui {

class WeekModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    using Hours = std::bitset<168>;  ///< bit 0: Monday from 00:00 to 01:00
    enum Role { OnRole = Qt::UserRole + 1 };

    using QAbstractTableModel::QAbstractTableModel;

    void show(const Hours& hours);
    [[nodiscard]] const Hours& hours() const { return hours_; }
    /// All these cells become what the first of them is not.
    void toggle(const QModelIndexList& cells);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;

Q_SIGNALS:
    /// By toggle().
    void edited();

private:
    Hours hours_;
};

}  // namespace gleaner::gui
