#include "client-gui/views/bar_chart.h"

#include <QHelpEvent>
#include <QLocale>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace gleaner::gui {

namespace {

/// The next 1, 2 or 5 times a power of ten.
double round_up(double value) {
    if (value <= 0) return 1;
    const double power = std::pow(10, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 5.0})
        if (value <= step * power) return step * power;
    return 10 * power;
}

}  // namespace

BarChart::BarChart(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void BarChart::show_bars(QList<Bar> bars) {
    bars_ = std::move(bars);
    update();
}

QSize BarChart::sizeHint() const {
    return {fontMetrics().averageCharWidth() * 70, fontMetrics().height() * 11};
}
QSize BarChart::minimumSizeHint() const {
    return {fontMetrics().averageCharWidth() * 25, fontMetrics().height() * 8};
}

QRectF BarChart::area() const {
    const int line = fontMetrics().height();
    const int left = fontMetrics().horizontalAdvance(QStringLiteral("0,000.00"));
    return QRectF(rect()).adjusted(left, line * 0.6, -4, -line * 1.5);
}

void BarChart::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    const QRectF area = this->area();
    double highest = 0;
    for (const Bar& bar : bars_) highest = std::max(highest, bar.confirmed + bar.pending);
    const double top = round_up(highest);
    const double line = fontMetrics().height();
    for (int mark = 0; mark <= 2; ++mark) {
        const double y = area.bottom() - area.height() * mark / 2;
        painter.setPen(palette().color(QPalette::Mid));
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(QRectF(0, y - line / 2, area.left() - 6, line),
                         Qt::AlignRight | Qt::AlignVCenter,
                         QLocale().toString(top * mark / 2, 'g', 4));
    }
    if (bars_.isEmpty()) return;
    const double slot = area.width() / static_cast<double>(bars_.size());
    const QColor confirmed = palette().color(QPalette::Highlight);
    const qsizetype every = std::max<qsizetype>(
        1,
        static_cast<qsizetype>(std::ceil(fontMetrics().horizontalAdvance("00/00") * 1.5 / slot)));
    for (qsizetype at = 0; at < bars_.size(); ++at) {
        const Bar& bar = bars_[at];
        const double left = area.left() + slot * static_cast<double>(at) + slot * 0.15;
        const double first = area.height() * std::max(bar.confirmed, 0.0) / top;
        const double second = area.height() * std::max(bar.pending, 0.0) / top;
        const QRectF solid(left, area.bottom() - first, slot * 0.7, first);
        painter.fillRect(solid, confirmed);
        const QRectF hatched(left, solid.top() - second, slot * 0.7, second);
        painter.fillRect(hatched, QBrush(confirmed, Qt::BDiagPattern));
        if (second > 0) {
            painter.setPen(confirmed);
            painter.drawRect(hatched);
        }
        if (at % every != 0) continue;
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(QRectF(left - slot, area.bottom() + 3, slot * 2.7, line),
                         Qt::AlignHCenter | Qt::AlignTop | Qt::TextDontClip,
                         bar.day.toString(QStringLiteral("M/d")));
    }
}

bool BarChart::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip || bars_.isEmpty()) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const double slot = area().width() / static_cast<double>(bars_.size());
    const auto at = static_cast<qsizetype>(std::floor((help->pos().x() - area().left()) / slot));
    if (at >= 0 && at < bars_.size()) QToolTip::showText(help->globalPos(), bars_[at].label, this);
    return true;
}

}  // namespace gleaner::gui
