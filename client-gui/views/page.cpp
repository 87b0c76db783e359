#include "client-gui/views/page.h"

#include "client-gui/views/card.h"

namespace gleaner::gui {

Page::Page(const QString& title, QWidget* parent) : QScrollArea(parent) {
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setAccessibleName(title);
    auto* content = new QWidget(this);
    body_ = new QVBoxLayout(content);
    body_->setContentsMargins(24, 20, 24, 24);
    body_->setSpacing(14);
    auto* heading = new QLabel(title, content);
    make_heading(*heading, 3);
    body_->addWidget(heading);
    setWidget(content);
}

Then<Nothing> Page::or_say_why() {
    return {this, [this](const Answer<Nothing>& answer) {
                if (const auto* refusal = std::get_if<Refusal>(&answer))
                    Q_EMIT notice(text(refusal->why));
            }};
}

}  // namespace gleaner::gui
