#pragma once
/// Which of the steps that follow each day's close have been done.

#include <optional>
#include <span>
#include <string>

#include "coordinator/store/store.h"

namespace gleaner::store {

class DailySteps {
public:
    explicit DailySteps(Store& store) : store_(store) {}

    /// Notes what is to be done for each closed day that has nothing noted yet. A step that a
    /// release adds begins with the first day that is closed after it.
    Status plan(std::span<const std::string> names);
    /// The earliest day for which the step is still to be done.
    Result<std::optional<std::int64_t>> open(std::string_view name);
    /// Call in the transaction of the step's own work, so that both are done or neither.
    Status finish(std::string_view name, std::int64_t day);

private:
    Store& store_;
};

}  // namespace gleaner::store
