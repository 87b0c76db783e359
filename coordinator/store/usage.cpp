#include "coordinator/store/usage.h"

#include "coordinator/store/state.h"

namespace gleaner::store {

namespace {

UsageRow usage_row(const Query& row, BucketWidth width) {
    UsageRow usage;
    usage.bucket = WallTime{row.integer("bucket") * length_of(width).count()};
    usage.project = row.id<ProjectId>("project");
    usage.api_key = row.text("api_key");
    usage.model = row.text("model");
    usage.batch = row.boolean("batch");
    usage.embeddings = row.boolean("embeddings");
    usage.currency = currency(row.text("currency"));
    usage.sums = {row.integer("requests"), row.integer("prompt_tokens"),
                  row.integer("cached_tokens"), row.integer("generated_tokens"),
                  row.money("price")};
    return usage;
}

}  // namespace

Duration length_of(BucketWidth width) {
    switch (width) {
        case BucketWidth::minute:
            return std::chrono::minutes(1);
        case BucketWidth::hour:
            return std::chrono::hours(1);
        case BucketWidth::day:
            return std::chrono::hours(24);
    }
    return std::chrono::hours(24);
}

Result<std::vector<UsageRow>> Usage::buckets(const CustomerId& customer,
                                             const std::optional<ProjectId>& project, WallTime from,
                                             WallTime to, BucketWidth width) {
    const std::int64_t length = length_of(width).count();
    if (from.micros < 0 || to < from || from.micros % length != 0 || to.micros % length != 0) {
        return Error(ErrorCode::invalid_argument, "usage is asked for by whole buckets of time");
    }
    GLEANER_TRY(state_.flush());
    const bool by_minutes = width == BucketWidth::minute;
    const std::int64_t unit =
        length_of(by_minutes ? BucketWidth::minute : BucketWidth::hour).count();
    Query query(*state_.database, by_minutes ? sql::usage_by_minutes : sql::usage_by_hours,
                customer, project, from.micros / unit, to.micros / unit, length / unit);
    std::vector<UsageRow> rows;
    while (rows.size() <= rows_max) {
        GLEANER_TRY(auto more, query.next());
        if (!more) break;
        rows.push_back(usage_row(query, width));
    }
    return rows;
}

}  // namespace gleaner::store
