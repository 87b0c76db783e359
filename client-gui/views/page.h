#pragma once
/// One page of the window: scrolls when the window is small or the text large.

#include <QScrollArea>
#include <QVBoxLayout>

#include "client-gui/client/node_client.h"

namespace gleaner::gui {

class Page : public QScrollArea {
    Q_OBJECT

public:
    explicit Page(const QString& title, QWidget* parent = nullptr);

    /// The person looks at it now: ask the node for what is not in its snapshot.
    virtual void opened() {}

Q_SIGNALS:
    /// A sentence for the person about what they just did.
    void notice(const QString& sentence);

protected:
    [[nodiscard]] QVBoxLayout& body() { return *body_; }
    /// Says why if the node refused.
    [[nodiscard]] Then<Nothing> or_say_why();

private:
    QVBoxLayout* body_;
};

}  // namespace gleaner::gui
