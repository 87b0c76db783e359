#include "client-core/cli/job_progress.h"

#include <cmath>
#include <cstdio>

#include "client-core/cli/output.h"
#include "client-core/cli/progress_bar.h"

namespace gleaner::cli {

bool JobSnapshot::ended() const {
    return status == "completed" || status == "failed" || status == "expired" ||
           status == "cancelled";
}

JobSnapshot snapshot_of(const boost::json::value& batch) {
    return {
        text_at(batch, "id"), text_at(batch, "status"), integer_at(batch, "request_counts.total"),
        integer_at(batch, "request_counts.completed"), integer_at(batch, "request_counts.failed")};
}

void JobProgress::see(const JobSnapshot& snapshot, Time now) {
    if (!seen_ || snapshot.settled() < first_settled_) {
        seen_ = true;
        first_settled_ = snapshot.settled();
        first_at_ = now;
    } else if (last_.settled() == first_settled_) {
        first_at_ = last_at_;  // nothing has moved until now: waiting is not working slowly
    }
    last_ = snapshot;
    last_at_ = now;
}

double JobProgress::items_per_s() const {
    const auto micros = (last_at_ - first_at_).count();
    if (micros <= 0) return 0;
    return static_cast<double>(last_.settled() - first_settled_) * 1e6 /
           static_cast<double>(micros);
}

std::string JobProgress::speed_and_rest() const {
    const double speed = items_per_s();
    if (speed <= 0 || last_.ended()) return {};
    char text[32];
    std::snprintf(text, sizeof text, ", %.1f/s", speed);
    const double left_s = static_cast<double>(last_.total - last_.settled()) / speed;
    return text + (", " + duration_for_people(std::chrono::seconds(std::lround(left_s))) + " left");
}

std::string JobProgress::line() const {
    std::string text = last_.status + " " + std::to_string(last_.settled()) + "/" +
                       std::to_string(last_.total) + " items";
    if (last_.failed > 0) text += ", " + std::to_string(last_.failed) + " failed";
    return text + speed_and_rest();
}

std::string JobProgress::bar() const {
    const auto settled = static_cast<std::uint64_t>(last_.settled());
    // A job that is still being read has no total yet, and is not done.
    const auto total =
        static_cast<std::uint64_t>(last_.total > 0 || last_.ended() ? last_.total : 1);
    return bar_text(last_.id, settled, total, line());
}

}  // namespace gleaner::cli
