#pragma once
/// "When to run": the weekly grid, the settings, and a sentence that says what they mean.

#include <QPushButton>

#include "client-gui/models/settings_draft.h"
#include "client-gui/models/week_model.h"
#include "client-gui/views/card.h"
#include "client-gui/views/page.h"
#include "client-gui/views/wishes_form.h"

namespace gleaner::gui {

class SchedulePage final : public Page {
    Q_OBJECT

public:
    SchedulePage(NodeClient& node, SettingsDraft& draft, QWidget* parent = nullptr);

    void opened() override;

private:
    void build();
    void build_grid();
    void show_wishes();
    void show_site();
    void update_buttons();
    void all_hours(bool on);

    NodeClient& node_;
    SettingsDraft& draft_;
    WeekModel week_;
    Card* grid_;
    WishesForm* form_;
    QLabel* meaning_;
    QLabel* site_;
    QPushButton* save_;
    QPushButton* revert_;
    QPushButton* suggest_;
};

}  // namespace gleaner::gui
