#pragma once
/// Measures devices one after the other with one button: the node measures one at a time. Lives as
/// long as the program: windows that show it come and go.

#include <QObject>
#include <QStringList>

#include "client-gui/client/node_client.h"

namespace gleaner::gui {

class BenchmarkRun final : public QObject {
    Q_OBJECT

public:
    BenchmarkRun(NodeClient& node, QObject* parent);

    enum class Outcome : std::uint8_t { done, cancelled, failed };

    /// Each device of the node as it is now. Nothing while one run is under way.
    void start();
    /// The rest is not measured either.
    void cancel();
    /// One is measured now, or the node was asked and has not begun.
    [[nodiscard]] bool running() const { return asked_ || measuring(); }
    /// Of the whole run, 0..100.
    [[nodiscard]] int percent() const;
    /// What is measured now, in words; empty between.
    [[nodiscard]] QString step() const;

Q_SIGNALS:
    void changed();
    /// `why` it failed; empty otherwise.
    void finished(gleaner::gui::BenchmarkRun::Outcome outcome, const QString& why);

private:
    void look();
    void next();
    void end(Outcome outcome, const QString& why = {});
    [[nodiscard]] bool measuring() const;

    NodeClient& node_;
    QStringList left_;
    qsizetype all_ = 0;
    bool asked_ = false;     ///< a run of ours is under way
    bool begun_ = false;     ///< the node has said that it measures
    bool given_up_ = false;  ///< by the person, and the node has not stopped yet
};

}  // namespace gleaner::gui
