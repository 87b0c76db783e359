#include "coordinator/store/closes.h"

#include "coordinator/store/audit.h"
#include "coordinator/store/close_report.h"
#include "coordinator/store/state.h"
#include "shared/artefact/sha256.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

using ledger::Period;
using ledger::PeriodKind;
using ledger::Reconciliation;

namespace {

ClosedPeriod close_row(const Query& row) {
    ClosedPeriod read;
    read.period.kind = row.text("kind") == "day" ? PeriodKind::day : PeriodKind::month;
    read.period.number = row.integer("number");
    read.closed = row.time("closed");
    read.by = row.text("operator");
    read.despite = row.text("despite");
    read.mismatches = row.integer("mismatches");
    read.report_json = row.text("report");
    read.sha256 = row.text("sha256");
    read.audit = {row.integer("audit_number"), row.text("audit_hash")};
    return read;
}

Error refused(std::string sentence) {
    return {ErrorCode::failed_precondition, std::move(sentence)};
}

/// The first and the last closed period of a kind.
struct CloseRange {
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> last;
};

Result<CloseRange> close_range(Store::State& state, PeriodKind kind) {
    CloseRange range;
    Query query(*state.database, sql::select_close_range, to_string(kind));
    GLEANER_TRY(auto found, query.next());
    if (!found || query.null("first")) return range;
    range.first = query.integer("first");
    range.last = query.integer("last");
    return range;
}

}  // namespace

std::optional<std::int64_t> ClosingProgress::next_day() const {
    return last_day ? std::optional(*last_day + 1) : first_day;
}

std::optional<std::int64_t> ClosingProgress::next_month() const {
    if (!last_day) return std::nullopt;
    const Month month = last_month ? Month{*last_month + 1} : month_of(*first_day);
    if (*last_day + 1 < gleaner::first_day(month.next())) return std::nullopt;
    return month.number;
}

Result<ClosingProgress> Closes::progress() {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<ClosingProgress> {
        ClosingProgress progress;
        GLEANER_TRY(const auto days, close_range(state, PeriodKind::day));
        GLEANER_TRY(const auto months, close_range(state, PeriodKind::month));
        progress.first_day = days.first;
        progress.last_day = days.last;
        progress.last_month = months.last;
        Query marks(*state.database, sql::select_book_marks);
        GLEANER_TRY(auto marked, marks.next());
        if (!marked) return Error(ErrorCode::data_corrupt, "the books' marks are missing");
        progress.frozen_until = marks.time("frozen_until");
        progress.archived_until = marks.time("archived_until");
        if (progress.first_day) return progress;
        Query first(*state.database, sql::select_first_number);
        GLEANER_TRY(auto found, first.next());
        if (found && first.integer("number") != INT64_MAX) {
            progress.first_day = day_of(first.time("number"));
        }
        return progress;
    });
}

Status Closes::may_close(Period period, const ClosingProgress& progress) {
    const auto next = period.kind == PeriodKind::day ? progress.next_day() : progress.next_month();
    if (!progress.first_day) return refused("the books have no entry yet: nothing is to be closed");
    if (next && *next == period.number) {
        const WallTime from = end_of(period) + close_grace;
        if (store_.state().clock.wall() >= from) return ok();
        return refused(to_text(period) + " has not ended long enough ago: close it from " +
                       local_time_text(from) + " on (Shanghai)");
    }
    if (next) {
        return refused(to_text(period) + " is not the next " + to_string(period.kind) +
                       " to be closed: that is " + to_text(Period{period.kind, *next}));
    }
    return refused("days of " + to_text(period) + " are open: close " +
                   to_text(Period{PeriodKind::day, *progress.next_day()}) + " first");
}

Status Closes::freeze(Period period) {
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(const auto known,
                    state.exists(sql::select_close, to_string(period.kind), period.number));
        if (known) return ok();
        GLEANER_TRY(const auto progress, this->progress());
        GLEANER_TRY(may_close(period, progress));
        GLEANER_TRY(state.database->run(sql::freeze_until, end_of(period)));
        state.journal.on_freeze();
        return ok();
    });
}

Result<ClosedPeriod> Closes::close(Period period, std::string_view by, std::string_view despite,
                                   const Reconciliation& found) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<ClosedPeriod> {
        const auto known = closed(period);
        if (known.has_value() || known.error().code() != ErrorCode::not_found) return known;
        GLEANER_TRY(const auto progress, this->progress());
        GLEANER_TRY(may_close(period, progress));
        if (progress.frozen_until < end_of(period)) {
            return refused(to_text(period) + " is not frozen yet: that comes before its close");
        }
        const bool month = period.kind == PeriodKind::month;
        if (month && found.mismatch_count > 0 && despite.empty()) {
            return refused(to_text(period) +
                           " is not closed: " + std::to_string(found.mismatch_count) +
                           " things do not match, the first: " + found.mismatches.front() +
                           "; look into them, or say why it is closed despite them");
        }
        if (month) {
            GLEANER_TRY(state.flush());
            GLEANER_TRY(state.database->run(sql::keep_month_balances, start_of(period),
                                            end_of(period), period.number));
        }
        CloseReport report{
            period, state.clock.wall(), std::string(by), std::string(despite), {}, {}, {}};
        GLEANER_TRY(report.audit, Audit(store_).head());
        GLEANER_TRY(report.previous_sha256, previous_sha256(state, period));
        if (month) {
            GLEANER_TRY(report.groups, month_groups(state, period.number));
        }
        const std::string text = to_json_text(report, found);
        const std::string sha256 = hash_bytes(std::string_view(text)).get();
        GLEANER_TRY(state.database->run(sql::insert_close, to_string(period.kind), period.number,
                                        report.closed, by, despite, found.mismatch_count, text,
                                        sha256, report.audit.number, report.audit.hash,
                                        found.last_receipt));
        return closed(period);
    });
}

Result<ClosedPeriod> Closes::run(Period period, std::string_view by, std::string_view despite) {
    return store_.state().atomically([&]() -> Result<ClosedPeriod> {
        GLEANER_TRY(freeze(period));
        GLEANER_TRY(const auto found, reconcile(period));
        return close(period, by, despite, found);
    });
}

Result<std::vector<ClosedPeriod>> Closes::list(PeriodKind kind, std::int64_t before,
                                               std::int64_t limit) {
    return store_.state().all(close_row, sql::list_closes, to_string(kind), before, limit);
}

Result<ClosedPeriod> Closes::closed(Period period) {
    auto& state = store_.state();
    Query query(*state.database, sql::select_close, to_string(period.kind), period.number);
    GLEANER_TRY(auto found, query.next());
    if (!found) return Error(ErrorCode::not_found, to_text(period) + " is not closed");
    return close_row(query);
}

std::string to_text(Period period) {
    return period.kind == PeriodKind::day ? date_text(period.number)
                                          : month_text(Month{period.number});
}

std::optional<Period> parse_period(std::string_view text) {
    if (const auto day = day_of_date(text)) return Period{PeriodKind::day, *day};
    if (const auto month = month_of_text(text)) return Period{PeriodKind::month, month->number};
    return std::nullopt;
}

std::int64_t first_day_of(Period period) {
    return period.kind == PeriodKind::day ? period.number : first_day(Month{period.number});
}

std::int64_t end_day_of(Period period) {
    return period.kind == PeriodKind::day ? period.number + 1
                                          : first_day(Month{period.number}.next());
}

WallTime start_of(Period period) {
    return start_of_day(first_day_of(period));
}

WallTime end_of(Period period) {
    return start_of_day(end_day_of(period));
}

}  // namespace gleaner::store
