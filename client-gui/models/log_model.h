#pragma once
/// The activity log as a table, the newest line first. Holds what was read so far; asks for
/// nothing.

#include <QAbstractTableModel>

#include "client-gui/client/node_snapshot.h"

namespace gleaner::gui {

class LogModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { TimeColumn, LevelColumn, TextColumn, ColumnCount };
    enum Role { LevelRole = Qt::UserRole + 1 };  ///< "info", "warning", "error"

    using QAbstractTableModel::QAbstractTableModel;

    /// Forgets all: another question is asked.
    void clear();
    /// Lines newer than all here, as the node sends them: the newest last. Known ones are skipped.
    void add_newer(const QList<LogLine>& lines);
    /// Lines older than all here, the newest last.
    void add_older(const QList<LogLine>& lines);
    /// 0 when there is none.
    [[nodiscard]] std::uint64_t newest() const;
    [[nodiscard]] std::uint64_t oldest() const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;

private:
    QList<LogLine> lines_;  ///< newest first
};

}  // namespace gleaner::gui
