#include "client-gui/views/card.h"

namespace gleaner::gui {

Card::Card(const QString& title, QWidget* parent) : QFrame(parent), body_(new QVBoxLayout(this)) {
    setObjectName(QStringLiteral("card"));
    setFrameShape(QFrame::StyledPanel);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    body_->setContentsMargins(18, 14, 18, 16);
    body_->setSpacing(10);
    if (title.isEmpty()) return;
    auto* heading = new QLabel(title, this);
    make_heading(*heading, 1);
    setAccessibleName(title);
    body_->addWidget(heading);
}

QLabel* text_label(QWidget* parent, const QString& text) {
    auto* label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

void make_heading(QLabel& label, int steps) {
    QFont font = label.font();
    font.setPointSizeF(font.pointSizeF() * (1 + 0.2 * steps));
    font.setBold(true);
    label.setFont(font);
}

void make_quiet(QLabel& label) {
    label.setForegroundRole(QPalette::PlaceholderText);
}

}  // namespace gleaner::gui
