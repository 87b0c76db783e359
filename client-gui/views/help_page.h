#pragma once
/// "Help": answers to what people ask first, a report for a ticket, and this window's own choices.

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>

#include "client-gui/os/autostart.h"
#include "client-gui/os/preferences.h"
#include "client-gui/views/page.h"

namespace gleaner::gui {

class HelpPage final : public Page {
    Q_OBJECT

public:
    HelpPage(NodeClient& node, Preferences& preferences, Autostart& autostart,
             QWidget* parent = nullptr);

Q_SIGNALS:
    void language_chosen(const QString& language);
    void theme_chosen(Theme theme);

private:
    void build_answers();
    void build_report();
    void build_choices();
    void update();
    void make_report();

    NodeClient& node_;
    Preferences& preferences_;
    Autostart& autostart_;
    QLabel* versions_;
};

}  // namespace gleaner::gui
