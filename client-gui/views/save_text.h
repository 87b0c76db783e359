#pragma once
/// A text that a person takes away as a file: asks where, writes it whole or not at all.

#include <QWidget>
#include <functional>

namespace gleaner::gui {

/// Returns at once. `told`: what became of it, unless the person changed their mind.
void save_text(QWidget* parent, const QString& title, const QString& file_name, const QString& text,
               std::function<void(const QString&)> told);

}  // namespace gleaner::gui
