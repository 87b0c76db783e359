/// Reconciliation of a closed period: the journal against the meter records against the results.

#include "coordinator/store/closes.h"
#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

using ledger::Period;
using ledger::PeriodKind;
using ledger::Reconciliation;

namespace {

constexpr Duration one_day = std::chrono::hours(24);

std::string amount(const Query& row, std::string_view column) {
    return to_decimal(row.money(column));
}

class Reconciler {
public:
    Reconciler(Store::State& state, Period period)
        : state_(state),
          database_(*state.database),
          from_(start_of(period)),
          to_(end_of(period)),
          first_day_(first_day_of(period)),
          end_day_(end_day_of(period)),
          period_(period) {}

    Result<Reconciliation> run() {
        GLEANER_TRY(read_receipt_range());
        GLEANER_TRY(read_counts());
        GLEANER_TRY(read_totals());
        GLEANER_TRY(read_work());
        GLEANER_TRY(check_entries());
        GLEANER_TRY(check_meters());
        GLEANER_TRY(check_results());
        GLEANER_TRY(check_accounts());
        return std::move(found_);
    }

private:
    template <class Describe, class... Values>
    Status each(sql::StatementId id, Describe describe, const Values&... values) {
        Query query(database_, id, values...);
        for (;;) {
            GLEANER_TRY(auto more, query.next());
            if (!more) return ok();
            found_.mismatch(describe(query));
        }
    }

    /// From the newest that the period before looked at to the newest there is.
    Status read_receipt_range() {
        Query before(database_, sql::select_close, to_string(period_.kind), period_.number - 1);
        GLEANER_TRY(auto known, before.next());
        if (known) after_receipt_ = before.integer("last_receipt");
        Query newest(database_, sql::select_last_receipt);
        GLEANER_TRY(auto any, newest.next());
        found_.last_receipt = any ? newest.integer("number") : 0;
        return ok();
    }

    Status read_counts() {
        Query counts(database_, sql::find_period_counts, from_, to_, after_receipt_,
                     found_.last_receipt);
        GLEANER_TRY(auto counted, counts.next());
        if (!counted) return Error(ErrorCode::internal, "the period could not be counted");
        found_.entries = counts.integer("entries");
        found_.meter_records = counts.integer("meters");
        found_.receipts = counts.integer("receipts");
        return ok();
    }

    Status read_totals() {
        Query query(database_, sql::find_period_totals, from_, to_);
        for (;;) {
            GLEANER_TRY(auto more, query.next());
            if (!more) return ok();
            found_.totals.push_back({query.text("currency"), query.text("kind"),
                                     query.integer("entries"), query.integer("postings"),
                                     query.money("moved")});
        }
    }

    Status read_work() {
        Query query(database_, sql::find_period_work, from_, to_, first_day_, end_day_);
        for (;;) {
            GLEANER_TRY(auto more, query.next());
            if (!more) return ok();
            ledger::WorkTotal total{query.text("currency"), query.money("charged"),
                                    query.money("metered"), query.money("by_days")};
            if (total.charged != total.metered || total.metered != total.by_days) {
                found_.mismatch("work in " + total.currency + ": the journal charges " +
                                to_decimal(total.charged) + ", the meter records say " +
                                to_decimal(total.metered) + ", the sums of days " +
                                to_decimal(total.by_days));
            }
            found_.work.push_back(std::move(total));
        }
    }

    Status check_entries() {
        GLEANER_TRY(each(
            sql::find_period_unbalanced,
            [](const Query& row) {
                return "entry " + row.text("entry") + " is not balanced: it sums to " +
                       amount(row, "micros");
            },
            from_, to_));
        GLEANER_TRY(each(
            sql::find_period_postings_without_entry,
            [](const Query& row) {
                return "postings of entry " + row.text("entry") + " have no entry";
            },
            from_, to_));
        GLEANER_TRY(each(
            sql::find_period_entries_without_posting,
            [](const Query& row) { return "entry " + row.text("number") + " has no postings"; },
            from_, to_));
        return each(
            sql::find_period_charges_unlike_meters,
            [](const Query& row) {
                return "entry " + row.text("entry") + " charges " + amount(row, "charged") +
                       ", its meter records say " + amount(row, "metered");
            },
            from_, to_);
    }

    Status check_meters() {
        GLEANER_TRY(each(
            sql::find_period_bad_shares,
            [](const Query& row) {
                return "the shares of attempt " + row.text("attempt_key") +
                       " do not divide its price";
            },
            from_, to_));
        GLEANER_TRY(each(
            sql::find_period_attempts_billed_before,
            [](const Query& row) {
                return "attempt " + row.text("attempt_key") +
                       " was billed before, in a month that is archived";
            },
            from_, to_));
        GLEANER_TRY(each(
            sql::find_period_reserved_hours_unlike_meters,
            [](const Query& row) {
                return "hour " + row.text("hour") + " of contract " + row.text("contract") +
                       " was billed with " + amount(row, "charged") + ", its meter records say " +
                       amount(row, "metered");
            },
            from_, to_));
        return each(
            sql::find_period_days_unlike_meters,
            [](const Query& row) {
                return "day " + date_text(row.integer("day")) + " of source " + row.text("source") +
                       " is not what its meter records sum to: " + row.text("parts") +
                       " records and a price of " + amount(row, "price") + " are missing";
            },
            from_, to_, first_day_, end_day_);
    }

    Status check_results() {
        GLEANER_TRY(each(
            sql::find_meters_without_result,
            [](const Query& row) {
                return "attempt " + row.text("attempt_key") + " was billed, and request " +
                       row.text("request") + " has no result";
            },
            from_, to_));
        // A receipt and its meter record are written together; the day before is for those that
        // were under way at the close before.
        GLEANER_TRY(each(
            sql::find_receipts_without_meter,
            [](const Query& row) {
                return "request " + row.text("request") +
                       " has a receipt, and no meter record says who did it";
            },
            after_receipt_, found_.last_receipt, from_ - one_day));
        const auto item = [](const Query& row) {
            return "item " + row.text("item") + " of batch " + row.text("job");
        };
        GLEANER_TRY(each(
            sql::find_answers_without_receipt,
            [&](const Query& row) { return item(row) + " is answered and has no receipt"; }, from_,
            to_));
        return each(
            sql::find_period_failures_billed,
            [&](const Query& row) { return item(row) + " has failed and has a receipt"; }, from_,
            to_);
    }

    Status check_accounts() {
        GLEANER_TRY(each(
            sql::find_period_holds,
            [](const Query& row) {
                return "batch " + row.text("job") + " has ended and still holds " +
                       amount(row, "micros");
            },
            from_, to_));
        GLEANER_TRY(each(sql::find_accounts_below_zero, [](const Query& row) {
            return "account " + row.text("account") + " is below zero: " + amount(row, "micros");
        }));
        Query months(database_, sql::select_close_range, to_string(PeriodKind::month));
        GLEANER_TRY(auto any, months.next());
        const bool some = any && !months.null("last");
        const Period last{PeriodKind::month, some ? months.integer("last") : INT32_MIN};
        return each(
            sql::find_balances_unlike_replay,
            [](const Query& row) {
                return "account " + row.text("account") + " has the balance " +
                       amount(row, "kept") + ", its postings sum to " + amount(row, "replayed");
            },
            last.number, some ? end_of(last) : WallTime{INT64_MIN});
    }

    Store::State& state_;
    Database& database_;
    WallTime from_;
    WallTime to_;
    std::int64_t first_day_;
    std::int64_t end_day_;
    Period period_;
    std::int64_t after_receipt_ = 0;
    Reconciliation found_;
};

}  // namespace

Result<Reconciliation> Closes::reconcile(Period period) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<Reconciliation> {
        GLEANER_TRY(state.flush());
        GLEANER_TRY(const auto progress, this->progress());
        if (end_of(period) > progress.frozen_until || start_of(period) < progress.archived_until) {
            return Error(ErrorCode::failed_precondition,
                         to_text(period) +
                             " is not frozen, or archived already: only what is "
                             "frozen and here can be reconciled");
        }
        return Reconciler(state, period).run();
    });
}

}  // namespace gleaner::store
