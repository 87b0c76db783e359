#pragma once
/// A framed part of a page under a heading.

#include <QFrame>
#include <QLabel>
#include <QVBoxLayout>

namespace gleaner::gui {

class Card final : public QFrame {
    Q_OBJECT

public:
    /// An empty title: no heading.
    explicit Card(const QString& title, QWidget* parent = nullptr);

    [[nodiscard]] QVBoxLayout& body() { return *body_; }

private:
    QVBoxLayout* body_;
};

/// A label whose text wraps, may be selected, and is plain text whatever it says.
[[nodiscard]] QLabel* text_label(QWidget* parent, const QString& text = {});
/// Larger by `steps` steps than the text around it, and bold.
void make_heading(QLabel& label, int steps);
/// Quieter than the text around it, and still readable.
void make_quiet(QLabel& label);

}  // namespace gleaner::gui
