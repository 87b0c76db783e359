#include "client-gui/views/badge_icon.h"

#include <QPainter>
#include <QPainterPath>
#include <QPixmap>

namespace gleaner::gui {

namespace {

QColor colour_of(Badge badge) {
    switch (badge) {
        case Badge::earning:
            return {0x3E, 0x8E, 0x41};
        case Badge::waiting:
            return {0x4A, 0x7A, 0x9C};
        case Badge::paused:
            return {0x76, 0x76, 0x76};
        case Badge::problem:
            return {0xC2, 0x41, 0x1C};
    }
    return Qt::gray;
}

/// In a square of 64.
void paint_ear(QPainter& painter) {
    painter.setPen(QPen(Qt::white, 3.5, Qt::SolidLine, Qt::RoundCap));
    painter.drawLine(QPointF(32, 58), QPointF(32, 16));
    painter.setPen(Qt::NoPen);
    painter.setBrush(Qt::white);
    painter.drawEllipse(QPointF(32, 12), 5, 8);
    for (int row = 0; row < 3; ++row) {
        for (const int side : {-1, 1}) {
            painter.save();
            painter.translate(32 + side * 9, 21 + row * 11);
            painter.rotate(side * 32);
            painter.drawEllipse(QPointF(0, 0), 4.6, 8);
            painter.restore();
        }
    }
}

/// In the lower right quarter: two bars for paused, a mark for a problem, an arrow for earning.
void paint_sign(QPainter& painter, Badge badge, const QColor& colour) {
    if (badge == Badge::waiting) return;
    painter.setPen(QPen(Qt::white, 2.5));
    painter.setBrush(colour.darker(130));
    painter.drawEllipse(QPointF(49, 49), 13, 13);
    painter.setPen(Qt::NoPen);
    painter.setBrush(Qt::white);
    if (badge == Badge::paused) {
        painter.drawRect(QRectF(43.5, 42.5, 4, 13));
        painter.drawRect(QRectF(50.5, 42.5, 4, 13));
    } else if (badge == Badge::problem) {
        painter.drawRect(QRectF(47, 41, 4, 10));
        painter.drawEllipse(QPointF(49, 55), 2.3, 2.3);
    } else {
        QPainterPath arrow(QPointF(45, 42));
        arrow.lineTo(57, 49);
        arrow.lineTo(45, 56);
        arrow.closeSubpath();
        painter.drawPath(arrow);
    }
}

QPixmap painted(Badge badge, int size) {
    QPixmap pixmap(size, size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.scale(size / 64.0, size / 64.0);
    const QColor colour = colour_of(badge);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawRoundedRect(QRectF(1, 1, 62, 62), 15, 15);
    paint_ear(painter);
    paint_sign(painter, badge, colour);
    return pixmap;
}

}  // namespace

QIcon badge_icon(Badge badge) {
    QIcon icon;
    for (const int size : {16, 24, 32, 48, 64, 128}) icon.addPixmap(painted(badge, size));
    return icon;
}

}  // namespace gleaner::gui
