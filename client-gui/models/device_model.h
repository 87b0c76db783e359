#pragma once
/// The devices of this machine as a list, one row each, keyed by the device's id.

#include <QAbstractListModel>

#include "client-gui/client/node_snapshot.h"

namespace gleaner::gui {

class DeviceModel final : public QAbstractListModel {
    Q_OBJECT

public:
    enum Role {
        IdRole = Qt::UserRole + 1,
        StateRole,     ///< "Working: …": the activity, and why if there is a why
        LoadRole,      ///< int percent, or invalid
        DetailsRole,   ///< temperature, memory, power and speed, those that are known, in one line
        MemoryRole,    ///< int percent used, or invalid
        GpuRole,       ///< bool: its memory is a graphics card's
        ActivityRole,  ///< Activity as int
    };

    using QAbstractListModel::QAbstractListModel;

    /// Rows that stay say what changed; others come and go one by one.
    void show(const QList<Device>& devices);
    [[nodiscard]] const Device& device(int row) const { return devices_.at(row); }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    /// Display: the device's name.
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

private:
    [[nodiscard]] qsizetype row_of(const QString& id) const;

    QList<Device> devices_;
};

}  // namespace gleaner::gui
