#include "coordinator/store/archive.h"

#include <algorithm>

#include "coordinator/store/state.h"

namespace gleaner::store {

namespace {

ArchivedMonth archive_row(const Query& row) {
    ArchivedMonth read;
    read.month = {row.integer("month")};
    read.file = row.text("file");
    read.archived = row.time("archived");
    read.entries = row.integer("entries");
    read.postings = row.integer("postings");
    read.meter_records = row.integer("meters");
    read.swept = row.boolean("swept");
    return read;
}

}  // namespace

Result<std::vector<ArchivedMonth>> Archives::list() {
    return state_.all(archive_row, sql::list_archives, INT64_MIN, INT64_MAX);
}

Result<std::vector<ArchivedMonth>> Archives::touched(WallTime from, WallTime to) {
    Query range(*state_.database, sql::select_archived_months);
    GLEANER_TRY(auto found, range.next());
    if (!found || range.null("first") || from >= to) return std::vector<ArchivedMonth>{};
    const Month first{range.integer("first")};
    const Month last{range.integer("last")};
    const WallTime archive_start = start_of_day(first_day(first));
    const WallTime archive_end = start_of_day(first_day(last.next()));
    for (const WallTime end : {from, to}) {
        const bool cuts =
            end > archive_start && end < archive_end && start_of_day(day_of(end)) != end;
        if (!cuts) continue;
        return Error(ErrorCode::failed_precondition,
                     "the books before " + month_text(last.next()) +
                         " are archived: begin and end a statement of that time at midnight in "
                         "Shanghai, not at " +
                         local_time_text(end));
    }
    if (to <= archive_start || from >= archive_end) return std::vector<ArchivedMonth>{};
    const WallTime inside = std::max(from, archive_start);
    const WallTime last_moment = std::min(to, archive_end) - Duration{1};
    return state_.all(archive_row, sql::list_archives, month_of(day_of(inside)).number,
                      month_of(day_of(last_moment)).number);
}

}  // namespace gleaner::store
