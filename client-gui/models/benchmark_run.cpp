#include "client-gui/models/benchmark_run.h"

#include <algorithm>

namespace gleaner::gui {

BenchmarkRun::BenchmarkRun(NodeClient& node, QObject* parent) : QObject(parent), node_(node) {
    connect(&node_, &NodeClient::snapshot_changed, this, &BenchmarkRun::look);
}

bool BenchmarkRun::measuring() const {
    return node_.snapshot() && node_.snapshot()->benchmark.running;
}

int BenchmarkRun::percent() const {
    const int now = measuring() ? node_.snapshot()->benchmark.percent : 0;
    if (all_ == 0) return now;
    const auto done = static_cast<int>(all_ - left_.size()) - 1;
    return (std::max(done, 0) * 100 + now) / static_cast<int>(all_);
}

QString BenchmarkRun::step() const {
    return measuring() ? text(node_.snapshot()->benchmark.step) : QString();
}

void BenchmarkRun::start() {
    if (running()) return;
    asked_ = true;
    if (!node_.snapshot()) {
        end(Outcome::failed, tr("The node went away while it measured."));
        return;
    }
    for (const Device& device : node_.snapshot()->devices) left_ << device.id;
    all_ = left_.size();
    next();
}

void BenchmarkRun::cancel() {
    left_.clear();
    given_up_ = asked_;
    node_.cancel_benchmark({this, [this](const Answer<Nothing>&) {
                                // Else its State says so.
                                if (given_up_ && !measuring()) end(Outcome::cancelled);
                            }});
}

void BenchmarkRun::next() {
    if (left_.isEmpty()) {
        end(Outcome::done);
        return;
    }
    begun_ = false;
    node_.start_benchmark(left_.takeFirst(), 0,
                          {this, [this](const Answer<Nothing>& answer) {
                               if (const auto* no = std::get_if<Refusal>(&answer))
                                   end(Outcome::failed, text(no->why));
                               else
                                   begun_ = true;
                           }});
    Q_EMIT changed();
}

void BenchmarkRun::look() {
    Q_EMIT changed();
    if (!asked_) return;
    if (!node_.snapshot()) {
        end(Outcome::failed, tr("The node went away while it measured."));
        return;
    }
    if (measuring() || !begun_) return;
    const QString problem = text(node_.snapshot()->benchmark.problem);
    if (!problem.isEmpty())
        end(Outcome::failed, problem);
    else if (given_up_)
        end(Outcome::cancelled);
    else
        next();
}

void BenchmarkRun::end(Outcome outcome, const QString& why) {
    if (!asked_) return;  // the node's answers after it went away
    left_.clear();
    all_ = 0;
    asked_ = begun_ = given_up_ = false;
    Q_EMIT changed();
    Q_EMIT finished(outcome, why);
}

}  // namespace gleaner::gui
