#pragma once
/// The settings other than the weekly grid as controls. Values that a control cannot show exactly
/// stay as they are until a person changes that control.

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QSpinBox>
#include <QWidget>
#include <functional>

#include "client-gui/client/node_snapshot.h"
#include "client-gui/views/card.h"

namespace gleaner::gui {

class WishesForm final : public QWidget {
    Q_OBJECT

public:
    explicit WishesForm(QWidget* parent = nullptr);

    /// Does not say `edited`.
    void show_wishes(const Wishes& wishes);
    [[nodiscard]] const Wishes& wishes() const { return wishes_; }

Q_SIGNALS:
    /// By the person.
    void edited();

private:
    struct Range {
        int low;
        int high;
        QString suffix;
        QString lowest;  ///< said instead of the lowest value; empty: the number
    };

    [[nodiscard]] QFormLayout& add_group(const QString& title);
    void add_presence();
    void add_programs();
    void add_limits();
    void add_cafe();
    void add_tick(QFormLayout& group, const QString& label, bool Wishes::*field);
    QSpinBox* add_number(QFormLayout& group, const QString& label, const Range& range,
                         int Wishes::*field);
    /// In units of `unit` bytes.
    void add_size(QFormLayout& group, const QString& label, const Range& range, std::uint64_t unit,
                  std::uint64_t Wishes::*field);
    template <class Choice>
    void add_choice(QFormLayout& group, const QString& label, const QStringList& choices,
                    Choice Wishes::*field);
    void add_time(QFormLayout& group, const QString& label, int Wishes::*field);
    void change(const std::function<void(Wishes&)>& how);

    Wishes wishes_;
    QVBoxLayout* body_;
    std::vector<std::function<void()>> fill_;  ///< each shows its field
};

}  // namespace gleaner::gui
