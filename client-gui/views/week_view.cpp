#include "client-gui/views/week_view.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QStyledItemDelegate>

namespace gleaner::gui {

namespace {

class HourDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        const QPalette& palette = option.palette;
        const bool on = index.data(WeekModel::OnRole).toBool();
        painter->fillRect(option.rect, on ? palette.highlight() : palette.base());
        if (option.state & QStyle::State_Selected)
            painter->fillRect(option.rect,
                              QBrush(palette.color(QPalette::Text), Qt::Dense6Pattern));
        if (option.state & QStyle::State_HasFocus) {
            painter->setPen(QPen(palette.color(QPalette::Text), 2));
            painter->drawRect(option.rect.adjusted(1, 1, -1, -1));
        }
    }
};

}  // namespace

WeekView::WeekView(WeekModel& model, QWidget* parent) : QTableView(parent), week_(model) {
    setModel(&model);
    setItemDelegate(new HourDelegate(this));
    setAccessibleName(tr("Hours of the week in which Gleaner may work"));
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    const int unit = fontMetrics().height();
    horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    horizontalHeader()->setMinimumSectionSize(unit);
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(unit + unit / 2);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFixedHeight(horizontalHeader()->sizeHint().height() + verticalHeader()->length() +
                   2 * frameWidth());
    setCornerButtonEnabled(false);
    connect(horizontalHeader(), &QHeaderView::sectionClicked, this, [this] { toggle_selected(); });
    connect(verticalHeader(), &QHeaderView::sectionClicked, this, [this] { toggle_selected(); });
}

void WeekView::toggle_selected() {
    week_.toggle(selectionModel()->selectedIndexes());
    clearSelection();
}

void WeekView::mouseReleaseEvent(QMouseEvent* event) {
    QTableView::mouseReleaseEvent(event);
    toggle_selected();
}

void WeekView::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Space || event->key() == Qt::Key_Return ||
        event->key() == Qt::Key_Enter) {
        if (!selectionModel()->hasSelection() && currentIndex().isValid())
            week_.toggle({currentIndex()});
        else
            toggle_selected();
        return;
    }
    QTableView::keyPressEvent(event);
}

}  // namespace gleaner::gui
