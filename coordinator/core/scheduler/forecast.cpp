#include "coordinator/core/scheduler/forecast.h"

#include <algorithm>
#include <cmath>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

namespace {

constexpr Duration load_at_best = std::chrono::seconds(5);
constexpr Duration load_at_worst = std::chrono::minutes(10);  // with a download
/// Nodes are reclaimed by their owners, and speeds are those of other work.
constexpr double pessimism = 2;
constexpr double seconds_max = 365.0 * 86'400;

Duration duration_of(double seconds) {
    return Duration{static_cast<std::int64_t>(std::min(seconds, seconds_max) * 1e6)};
}

}  // namespace

Forecast Scheduler::State::forecast(const ForecastQuestion& question) const {
    Forecast forecast;
    const auto named = model_names.find(question.model.get());
    if (named == model_names.end() || !models[named->second].offered) return forecast;
    const Model& model = models[named->second];
    QueueKey key;
    key.model = model.index;
    if (!question.reservation.empty()) {
        const auto reservation = reservation_names.find(question.reservation);
        if (reservation == reservation_names.end()) return forecast;
        key.reservation = reservation->second;
    } else {
        key.privacy = question.privacy;
    }
    if (key.privacy == PrivacyClass::own) {
        const auto owner = owner_names.find(question.own_sites_of.get());
        if (owner != owner_names.end()) key.owner = owner->second;
    }
    double ready_per_s = 0;
    double able_per_s = 0;
    double ahead = 0;
    for (const auto& node : nodes) {
        if (!node.able() || !eligible(node, key)) continue;
        const auto slot = node.slots.find(model.index);
        if (slot != node.slots.end() && slot->second.counted && !slot->second.retiring) {
            if (slot->second.standing->distrusted()) continue;
            ++forecast.nodes_ready;
            ready_per_s += slot->second.standing->speed.tokens_per_s();
            ahead += static_cast<double>(slot->second.work);
        } else if ((slot != node.slots.end() && slot->second.loading_counted) ||
                   could_load(node, model)) {
            ++forecast.nodes_able;
            able_per_s += model.tokens_per_s;
        }
    }
    if (!forecast.possible()) return forecast;
    for (const auto& queue : queues) {
        if (queue.key.model != model.index || queue.key.reservation != key.reservation) continue;
        for (const auto& [customer, waiting] : queue.jobs)
            for (const auto& [sequence, job] : waiting)
                ahead += static_cast<double>(job->pending) * job->tokens_per_item;
    }
    const double work =
        static_cast<double>(question.items) * std::max(question.tokens_per_item, 1.0);
    const double at_best = std::max(ready_per_s + able_per_s, 1e-3);
    const double at_worst = std::max(forecast.nodes_ready > 0 ? ready_per_s : able_per_s, 1e-3);
    const bool ready = forecast.nodes_ready > 0;
    // A customer with little work goes before those with much: it begins soon.
    forecast.start_earliest = ready ? Duration{0} : load_at_best;
    const Duration turn = duration_of(ready && ahead > 0 ? ahead / at_worst : 0);
    forecast.start_latest = (ready ? std::chrono::seconds(5) : load_at_worst) + turn;
    forecast.finish_earliest = forecast.start_earliest + duration_of(work / at_best);
    forecast.finish_latest =
        forecast.start_latest + duration_of(pessimism * work / at_worst) + std::chrono::seconds(5);
    return forecast;
}

}  // namespace gleaner::core
