#pragma once
/// "Now": what runs, for which kind of work, on which device, or why nothing does.

#include <QPushButton>

#include "client-gui/models/device_model.h"
#include "client-gui/views/card.h"
#include "client-gui/views/device_card.h"
#include "client-gui/views/page.h"

namespace gleaner::gui {

class NowPage final : public Page {
    Q_OBJECT

public:
    /// `pause_menu`: the tray's own, so that both offer the same.
    NowPage(NodeClient& node, DeviceModel& devices, QMenu& pause_menu, QWidget* parent = nullptr);

Q_SIGNALS:
    void setup_wanted();

private:
    void build(QMenu& pause_menu);
    void update();
    void update_work(const NodeSnapshot& snapshot);
    void add_cards(int first, int last);

    NodeClient& node_;
    DeviceModel& devices_;
    QLabel* badge_;
    QLabel* title_;
    QLabel* detail_;
    QPushButton* pause_;
    QPushButton* resume_;
    QPushButton* set_up_;
    Card* work_;
    QLabel* kinds_;
    QLabel* today_;
    QLabel* forecast_;
    QVBoxLayout* cards_layout_;
    QList<DeviceCard*> cards_;
};

}  // namespace gleaner::gui
