#pragma once
/// Measures devices one after the other with one button: the node measures one at a time.

#include <QObject>
#include <QStringList>

#include "client-gui/client/node_client.h"

namespace gleaner::gui {

class BenchmarkRun final : public QObject {
    Q_OBJECT

public:
    BenchmarkRun(NodeClient& node, QObject* parent);

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
    /// All are measured, or the rest was given up: then `problem` says why.
    void finished(const QString& problem);

private:
    void look();
    void next();
    void end(const QString& problem);
    [[nodiscard]] bool measuring() const;

    NodeClient& node_;
    QStringList left_;
    qsizetype all_ = 0;
    bool asked_ = false;  ///< a run of ours is under way
    bool begun_ = false;  ///< the node has said that it measures
};

}  // namespace gleaner::gui
