#include "client-gui/models/log_model.h"

#include <QLocale>
#include <algorithm>

#include "client-gui/models/wording.h"

namespace gleaner::gui {

void LogModel::clear() {
    if (lines_.isEmpty()) return;
    beginRemoveRows({}, 0, static_cast<int>(lines_.size()) - 1);
    lines_.clear();
    endRemoveRows();
}

void LogModel::add_newer(const QList<LogLine>& lines) {
    QList<LogLine> fresh;
    std::copy_if(lines.rbegin(), lines.rend(), std::back_inserter(fresh),
                 [this](const LogLine& line) { return line.number > newest(); });
    if (fresh.isEmpty()) return;
    beginInsertRows({}, 0, static_cast<int>(fresh.size()) - 1);
    lines_ = fresh + lines_;
    endInsertRows();
}

void LogModel::add_older(const QList<LogLine>& lines) {
    if (lines.isEmpty()) return;
    const auto end = static_cast<int>(lines_.size());
    beginInsertRows({}, end, end + static_cast<int>(lines.size()) - 1);
    std::copy(lines.rbegin(), lines.rend(), std::back_inserter(lines_));
    endInsertRows();
}

std::uint64_t LogModel::newest() const {
    return lines_.isEmpty() ? 0 : lines_.first().number;
}
std::uint64_t LogModel::oldest() const {
    return lines_.isEmpty() ? 0 : lines_.last().number;
}

int LogModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(lines_.size());
}

int LogModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LogModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const LogLine& line = lines_[index.row()];
    if (role == LevelRole) return line.level;
    const bool whole = role == Qt::ToolTipRole && index.column() == TextColumn;
    if (role != Qt::DisplayRole && !whole) return {};
    switch (index.column()) {
        case TimeColumn:
            return QLocale().toString(line.at, QLocale::ShortFormat);
        case LevelColumn:
            return Wording::log_level(line.level);
        default:
            return text(line.text);
    }
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
        case TimeColumn:
            return tr("Time");
        case LevelColumn:
            return tr("Kind", "of log line");
        case TextColumn:
            return tr("What happened");
        default:
            return {};
    }
}

}  // namespace gleaner::gui
