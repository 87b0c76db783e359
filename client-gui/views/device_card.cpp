#include "client-gui/views/device_card.h"

#include <QHBoxLayout>

#include "client-gui/models/device_model.h"

namespace gleaner::gui {

namespace {

/// Unknown values are not shown as nought.
void show_percent(QProgressBar& bar, const QVariant& percent) {
    bar.setVisible(percent.isValid());
    bar.setValue(percent.toInt());
}

}  // namespace

DeviceCard::DeviceCard(QWidget* parent)
    : QWidget(parent),
      card_(new Card({}, this)),
      name_(new QLabel(card_)),
      state_(text_label(card_)),
      details_(text_label(card_)),
      load_(new QProgressBar(card_)),
      memory_(new QProgressBar(card_)),
      retry_(new QPushButton(tr("Try again"), card_)) {
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(card_);
    make_heading(*name_, 0);
    make_quiet(*details_);
    load_->setFormat(tr("load %p %"));
    auto* bars = new QHBoxLayout;
    bars->addWidget(load_);
    bars->addWidget(memory_);
    card_->body().addWidget(name_);
    card_->body().addWidget(state_);
    card_->body().addWidget(details_);
    card_->body().addLayout(bars);
    card_->body().addWidget(retry_, 0, Qt::AlignLeft);
    connect(retry_, &QPushButton::clicked, this, [this] { Q_EMIT retry_wanted(id_); });
}

void DeviceCard::show_device(const QModelIndex& device) {
    const QString name = device.data(Qt::DisplayRole).toString();
    id_ = device.data(DeviceModel::IdRole).toString();
    name_->setText(name);
    state_->setText(device.data(DeviceModel::StateRole).toString());
    details_->setText(device.data(DeviceModel::DetailsRole).toString());
    details_->setVisible(!details_->text().isEmpty());
    show_percent(*load_, device.data(DeviceModel::LoadRole));
    const bool gpu = device.data(DeviceModel::GpuRole).toBool();
    memory_->setFormat(gpu ? tr("GPU memory %p %") : tr("memory %p %"));
    show_percent(*memory_, device.data(DeviceModel::MemoryRole));
    retry_->setVisible(device.data(DeviceModel::ActivityRole).toInt() ==
                       static_cast<int>(Activity::failed));
    card_->setAccessibleName(name);
    load_->setAccessibleName(tr("Load of %1").arg(name));
    memory_->setAccessibleName((gpu ? tr("GPU memory of %1") : tr("Memory of %1")).arg(name));
    retry_->setAccessibleName(tr("Try %1 again").arg(name));
}

}  // namespace gleaner::gui
