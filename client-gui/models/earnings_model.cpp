#include "client-gui/models/earnings_model.h"

#include <QLocale>

#include "client-gui/models/wording.h"

namespace gleaner::gui {

namespace {

/// "12.345678": what was counted, to the last micro-unit.
QString plain(std::int64_t micros) {
    const QString sign = micros < 0 ? QStringLiteral("-") : QString();
    const std::uint64_t size =
        micros < 0 ? 0 - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
    return sign + QStringLiteral("%1.%2")
                      .arg(size / 1'000'000)
                      .arg(size % 1'000'000, 6, 10, QLatin1Char('0'));
}

}  // namespace

void EarningsModel::show(const Earnings& earnings) {
    if (rowCount() > 0) {
        beginRemoveRows({}, 0, rowCount() - 1);
        earnings_.days.clear();
        endRemoveRows();
    }
    if (!earnings.days.isEmpty())
        beginInsertRows({}, 0, static_cast<int>(earnings.days.size()) - 1);
    earnings_ = earnings;
    if (!earnings.days.isEmpty()) endInsertRows();
}

EarningsSum EarningsModel::sum(QDate from, QDate to) const {
    EarningsSum sum;
    for (const EarningsDay& day : earnings_.days) {
        if (day.date < from || day.date > to) continue;
        sum.pending += day.pending;
        sum.confirmed += day.confirmed;
    }
    return sum;
}

QString EarningsModel::to_csv() const {
    QString csv = QStringLiteral("day,currency,pending,confirmed\r\n");
    for (const EarningsDay& day : earnings_.days)
        csv += QStringLiteral("%1,%2,%3,%4\r\n")
                   .arg(day.date.toString(Qt::ISODate), earnings_.currency, plain(day.pending),
                        plain(day.confirmed));
    return csv;
}

int EarningsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(earnings_.days.size());
}

int EarningsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant EarningsModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const EarningsDay& day = earnings_.days[earnings_.days.size() - 1 - index.row()];
    if (role == Qt::TextAlignmentRole && index.column() != DayColumn)
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
        case DayColumn:
            return QLocale().toString(day.date, QLocale::ShortFormat);
        case PendingColumn:
            return Wording::money(day.pending, earnings_.currency);
        default:
            return Wording::money(day.confirmed, earnings_.currency);
    }
}

QVariant EarningsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
        case DayColumn:
            return tr("Day");
        case PendingColumn:
            return tr("Pending");
        case ConfirmedColumn:
            return tr("Confirmed");
        default:
            return {};
    }
}

}  // namespace gleaner::gui
