#pragma once
/// "Privacy": exactly what is sent, the consent, and the way out.

#include <QPushButton>
#include <QTreeWidget>

#include "client-gui/views/card.h"
#include "client-gui/views/page.h"

namespace gleaner::gui {

class PrivacyPage final : public Page {
    Q_OBJECT

public:
    explicit PrivacyPage(NodeClient& node, QWidget* parent = nullptr);

    void opened() override;

private:
    void build();
    void update();
    void ask();
    void leave();

    NodeClient& node_;
    QLabel* consent_;
    QTreeWidget* sent_;
    QLabel* none_;
    QPushButton* leave_;
};

}  // namespace gleaner::gui
