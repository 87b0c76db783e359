#include "client-gui/models/device_model.h"

#include <QLocale>
#include <algorithm>

#include "client-gui/models/wording.h"

namespace gleaner::gui {

namespace {

QString state_of(const Device& device) {
    const QString state = Wording::activity(device.activity);
    const QString why = text(device.why);
    return why.isEmpty() ? state : DeviceModel::tr("%1: %2", "state: why").arg(state, why);
}

QString details_of(const Device& device) {
    QStringList parts;
    if (device.celsius) parts << DeviceModel::tr("%1 °C").arg(*device.celsius);
    if (device.memory_total > 0)
        parts << (device.is_gpu() ? DeviceModel::tr("GPU memory %1 of %2")
                                  : DeviceModel::tr("memory %1 of %2"))
                     .arg(Wording::bytes(device.memory_used), Wording::bytes(device.memory_total));
    if (device.watts > 0)
        parts << DeviceModel::tr("%1 W").arg(QLocale().toString(device.watts, 'f', 0));
    if (device.tokens_per_s > 0)
        parts
            << DeviceModel::tr("%1 tokens/s").arg(QLocale().toString(device.tokens_per_s, 'f', 1));
    if (!device.model.isEmpty()) parts << DeviceModel::tr("model %1").arg(device.model);
    return parts.join(QStringLiteral(" · "));
}

}  // namespace

qsizetype DeviceModel::row_of(const QString& id) const {
    const auto at = std::find_if(devices_.begin(), devices_.end(),
                                 [&](const Device& device) { return device.id == id; });
    return at == devices_.end() ? -1 : at - devices_.begin();
}

void DeviceModel::show(const QList<Device>& devices) {
    const auto stays = [&](const QString& id) {
        return std::any_of(devices.begin(), devices.end(),
                           [&](const Device& device) { return device.id == id; });
    };
    for (int row = static_cast<int>(devices_.size()) - 1; row >= 0; --row) {
        if (stays(devices_[row].id)) continue;
        beginRemoveRows({}, row, row);
        devices_.removeAt(row);
        endRemoveRows();
    }
    for (const Device& device : devices) {
        const auto row = static_cast<int>(row_of(device.id));
        if (row < 0) {
            const auto end = static_cast<int>(devices_.size());
            beginInsertRows({}, end, end);
            devices_.append(device);
            endInsertRows();
        } else if (devices_[row] != device) {
            devices_[row] = device;
            Q_EMIT dataChanged(index(row), index(row));
        }
    }
}

int DeviceModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(devices_.size());
}

QVariant DeviceModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const Device& device = devices_[index.row()];
    switch (role) {
        case Qt::DisplayRole:
            return device.name.isEmpty() ? device.id : device.name;
        case IdRole:
            return device.id;
        case StateRole:
            return state_of(device);
        case LoadRole:
            return device.percent ? QVariant(*device.percent) : QVariant();
        case DetailsRole:
            return details_of(device);
        case MemoryRole:
            if (device.memory_total == 0) return {};
            return static_cast<int>(
                std::min(100.0, 100.0 * static_cast<double>(device.memory_used) /
                                    static_cast<double>(device.memory_total)));
        case GpuRole:
            return device.is_gpu();
        case ActivityRole:
            return static_cast<int>(device.activity);
        default:
            return {};
    }
}

}  // namespace gleaner::gui
