#pragma once
/// How far a job is, and how to say so. Pure: times are handed in.

#include <cstdint>
#include <string>

#include <boost/json/value.hpp>

#include "shared/util/clock.h"

namespace gleaner::cli {

/// What a batch object says about itself.
struct JobSnapshot {
    std::string id;
    std::string status;
    std::int64_t total = 0;
    std::int64_t completed = 0;
    std::int64_t failed = 0;

    [[nodiscard]] std::int64_t settled() const { return completed + failed; }
    /// completed, failed, expired or cancelled.
    [[nodiscard]] bool ended() const;
    friend bool operator==(const JobSnapshot&, const JobSnapshot&) = default;
};

[[nodiscard]] JobSnapshot snapshot_of(const boost::json::value& batch);

/// Speed over what was seen, and the time left at that speed.
class JobProgress {
public:
    void see(const JobSnapshot& snapshot, Time now);
    /// Items a second since the first look that saw the job move; 0 when unknown.
    [[nodiscard]] double items_per_s() const;
    /// "in_progress 620/1000 items, 3 failed, 41.2/s, 9 s left".
    [[nodiscard]] std::string line() const;
    /// The same with a bar in front.
    [[nodiscard]] std::string bar() const;

private:
    [[nodiscard]] std::string speed_and_rest() const;

    JobSnapshot last_;
    Time last_at_{};
    std::int64_t first_settled_ = 0;
    Time first_at_{};
    bool seen_ = false;
};

}  // namespace gleaner::cli
