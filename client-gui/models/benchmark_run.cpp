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
    if (running() || !node_.snapshot()) return;
    for (const Device& device : node_.snapshot()->devices) left_ << device.id;
    all_ = left_.size();
    asked_ = true;
    next();
}

void BenchmarkRun::cancel() {
    left_.clear();
    node_.cancel_benchmark({this, [](const Answer<Nothing>&) { /* its State says so */ }});
}

void BenchmarkRun::next() {
    if (left_.isEmpty()) {
        end({});
        return;
    }
    begun_ = false;
    node_.start_benchmark(left_.takeFirst(), 0,
                          {this, [this](const Answer<Nothing>& answer) {
                               if (const auto* no = std::get_if<Refusal>(&answer))
                                   end(text(no->why));
                               else
                                   begun_ = true;
                           }});
    Q_EMIT changed();
}

void BenchmarkRun::look() {
    Q_EMIT changed();
    if (!asked_) return;
    if (!node_.snapshot()) {
        end(tr("The node went away while it measured."));
        return;
    }
    if (measuring() || !begun_) return;
    const QString problem = text(node_.snapshot()->benchmark.problem);
    if (problem.isEmpty())
        next();
    else
        end(problem);
}

void BenchmarkRun::end(const QString& problem) {
    left_.clear();
    all_ = 0;
    asked_ = begun_ = false;
    Q_EMIT changed();
    Q_EMIT finished(problem);
}

}  // namespace gleaner::gui
