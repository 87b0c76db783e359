#include "coordinator/store/daily_steps.h"

#include "coordinator/store/closes.h"
#include "coordinator/store/state.h"

namespace gleaner::store {

Status DailySteps::plan(std::span<const std::string> names) {
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(const auto progress, Closes(store_).progress());
        if (!progress.last_day) return ok();
        Query planned(*state.database, sql::select_last_planned_day);
        GLEANER_TRY(auto found, planned.next());
        const bool any = found && !planned.null("day");
        for (std::int64_t day = any ? planned.integer("day") + 1 : *progress.first_day;
             day <= *progress.last_day; ++day) {
            for (const auto& name : names) {
                GLEANER_TRY(state.database->run(sql::insert_daily_step, day, name));
            }
        }
        return ok();
    });
}

Result<std::optional<std::int64_t>> DailySteps::open(std::string_view name) {
    std::optional<std::int64_t> day;
    Query query(*store_.state().database, sql::select_open_step, name);
    GLEANER_TRY(auto found, query.next());
    if (found) day = query.integer("day");
    return day;
}

Status DailySteps::finish(std::string_view name, std::int64_t day) {
    auto& state = store_.state();
    return state.database->run(sql::finish_daily_step, day, name, state.clock.wall());
}

}  // namespace gleaner::store
