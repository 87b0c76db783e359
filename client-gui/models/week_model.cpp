#include "client-gui/models/week_model.h"

#include <QLocale>
#include <QTime>

namespace gleaner::gui {

namespace {

std::size_t bit_of(const QModelIndex& cell) {
    return static_cast<std::size_t>(cell.row()) * 24 + static_cast<std::size_t>(cell.column());
}

}  // namespace

void WeekModel::show(const Hours& hours) {
    if (hours == hours_) return;
    hours_ = hours;
    Q_EMIT dataChanged(index(0, 0), index(6, 23));
}

void WeekModel::toggle(const QModelIndexList& cells) {
    if (cells.isEmpty()) return;
    const bool on = !hours_[bit_of(cells.first())];
    Hours now = hours_;
    for (const QModelIndex& cell : cells) now[bit_of(cell)] = on;
    show(now);
    Q_EMIT edited();
}

int WeekModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : 7;
}
int WeekModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : 24;
}

QVariant WeekModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const bool on = hours_[bit_of(index)];
    if (role == OnRole) return on;
    if (role != Qt::AccessibleTextRole && role != Qt::ToolTipRole) return {};
    const QLocale locale;
    const QString from = locale.toString(QTime(index.column(), 0), QLocale::ShortFormat);
    const QString to = locale.toString(QTime((index.column() + 1) % 24, 0), QLocale::ShortFormat);
    const QString day = locale.dayName(index.row() + 1);
    return on ? tr("%1 %2 to %3: may work").arg(day, from, to)
              : tr("%1 %2 to %3: does not work").arg(day, from, to);
}

QVariant WeekModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (role == Qt::AccessibleTextRole && orientation == Qt::Vertical)
        return QLocale().dayName(section + 1);
    if (role != Qt::DisplayRole) return {};
    if (orientation == Qt::Horizontal) return QString::number(section);
    return QLocale().dayName(section + 1, QLocale::ShortFormat);
}

}  // namespace gleaner::gui
