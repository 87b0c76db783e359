#pragma once
/// Bars by day, each of a confirmed part and a pending one on top. (Qt Charts is not used: its
/// licence is the GPL alone, and it brings OpenGL into a program that must start at once.)

#include <QDate>
#include <QList>
#include <QWidget>

namespace gleaner::gui {

class BarChart final : public QWidget {
    Q_OBJECT

public:
    struct Bar {
        QDate day;
        double confirmed = 0;
        double pending = 0;
        QString label;  ///< for the tooltip
    };

    explicit BarChart(QWidget* parent = nullptr);

    /// The oldest first.
    void show_bars(QList<Bar> bars);

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] QRectF area() const;

    QList<Bar> bars_;
};

}  // namespace gleaner::gui
