#pragma once
/// The weekly grid: drag over hours, or move with the arrow keys and press space, to turn them on
/// or off; a press on a day or an hour takes all of it.

#include <QTableView>

#include "client-gui/models/week_model.h"

namespace gleaner::gui {

class WeekView final : public QTableView {
    Q_OBJECT

public:
    explicit WeekView(WeekModel& model, QWidget* parent = nullptr);

protected:
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void toggle_selected();

    WeekModel& week_;
};

}  // namespace gleaner::gui
