#pragma once
/// One device: what it does, how loaded it is, why it stands still.

#include <QLabel>
#include <QModelIndex>
#include <QProgressBar>
#include <QPushButton>

#include "client-gui/views/card.h"

namespace gleaner::gui {

class DeviceCard final : public QWidget {
    Q_OBJECT

public:
    explicit DeviceCard(QWidget* parent = nullptr);

    /// `device`: a row of a DeviceModel.
    void show_device(const QModelIndex& device);

Q_SIGNALS:
    /// The person wants the failed device tried again.
    void retry_wanted(const QString& device);

private:
    Card* card_;
    QLabel* name_;
    QLabel* state_;
    QLabel* details_;
    QProgressBar* load_;
    QProgressBar* memory_;
    QPushButton* retry_;
    QString id_;
};

}  // namespace gleaner::gui
