/// The ledger's invariants, recomputed from the rows.

#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

using Violations = std::vector<std::string>;

template <class Describe>
Status find(Database& database, Violations& violations, sql::StatementId id, Describe describe) {
    Query query(database, id);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return ok();
        violations.push_back(describe(query));
    }
}

std::string amount(const Query& row, std::string_view column) {
    return to_decimal(row.money(column));
}

Status check_sums(Database& database, ledger::CheckReport& report) {
    Query sums(database, sql::sum_ledger);
    for (;;) {
        GLEANER_TRY(auto more, sums.next());
        if (!more) return ok();
        const Money sum = sums.money("micros");
        if (sum == Money{}) continue;
        report.sum += sum;
        report.violations.push_back("all postings in " + sums.text("currency") + " sum to " +
                                    to_decimal(sum) + " instead of zero");
    }
}

Status check_entries(Database& database, Violations& violations) {
    GLEANER_TRY(find(database, violations, sql::find_unbalanced_entries, [](const Query& row) {
        return "entry " + row.text("entry") + " is not balanced: it sums to " +
               amount(row, "micros");
    }));
    GLEANER_TRY(find(database, violations, sql::find_postings_without_entry, [](const Query& row) {
        return "postings of entry " + row.text("entry") + " have no entry";
    }));
    return find(database, violations, sql::find_entries_without_posting, [](const Query& row) {
        return "entry " + row.text("number") + " has no postings";
    });
}

Status check_balances(Database& database, Violations& violations) {
    GLEANER_TRY(find(database, violations, sql::find_wrong_balances, [](const Query& row) {
        return "account " + row.text("account") + " has the balance " + amount(row, "kept") +
               ", its postings sum to " + amount(row, "posted");
    }));
    GLEANER_TRY(
        find(database, violations, sql::find_archived_days_unlike_balances, [](const Query& row) {
            return "account " + row.text("account") + " had the balance " + amount(row, "kept") +
                   " when the archived months ended, their days sum to " + amount(row, "posted");
        }));
    GLEANER_TRY(find(database, violations, sql::find_negative_accounts, [](const Query& row) {
        return "account " + row.text("account") + " is below zero: " + amount(row, "micros");
    }));
    return find(database, violations, sql::find_holds_of_ended_jobs, [](const Query& row) {
        return "batch " + row.text("job") + " has ended and still holds " + amount(row, "micros");
    });
}

Status check_payouts(Database& database, Violations& violations) {
    GLEANER_TRY(find(database, violations, sql::find_payouts_unlike_balances, [](const Query& row) {
        return "payout " + row.text("payout") + " is " + row.text("state") +
               " and its account holds " + amount(row, "micros");
    }));
    return find(database, violations, sql::find_payouts_unlike_entries, [](const Query& row) {
        return "payout " + row.text("payout") + " is " + row.text("state") +
               " and ended with an entry of the kind " + row.text("kind");
    });
}

Status check_contracts(Database& database, Violations& violations) {
    GLEANER_TRY(
        find(database, violations, sql::find_reserved_hours_unlike_meters, [](const Query& row) {
            return "hour " + row.text("hour") + " of contract " + row.text("contract") +
                   " was billed with " + amount(row, "charged") + ", its meter records say " +
                   amount(row, "metered");
        }));
    return find(database, violations, sql::find_deposits_unlike_contracts, [](const Query& row) {
        return "account " + row.text("account") + " holds " + amount(row, "kept") +
               ", its contract says " + amount(row, "due");
    });
}

Status check_usage(Database& database, Violations& violations) {
    GLEANER_TRY(find(database, violations, sql::find_hours_unlike_meters, [](const Query& row) {
        return "hour " + row.text("hour") + " of usage source " + row.text("source") +
               " is not what its meter records sum to: " + row.text("requests") +
               " requests and a price of " + amount(row, "price") + " are missing";
    }));
    return find(database, violations, sql::find_spending_unlike_hours, [](const Query& row) {
        return "what " + row.text("kind") + " " + row.text("id") + " spent in " +
               month_text(Month{row.integer("month")}) +
               " is not what its usage sums to: " + amount(row, "micros") + " are missing";
    });
}

Status check_meters(Database& database, Violations& violations) {
    GLEANER_TRY(find(database, violations, sql::find_attempts_billed_twice, [](const Query& row) {
        return "attempt " + row.text("attempt_key") + " was billed " + row.text("times") + " times";
    }));
    GLEANER_TRY(
        find(database, violations, sql::find_archived_attempts_billed, [](const Query& row) {
            return "attempt " + row.text("attempt_key") +
                   " was billed before, in a month that is archived";
        }));
    GLEANER_TRY(find(database, violations, sql::find_charges_unlike_meters, [](const Query& row) {
        return "entry " + row.text("entry") + " charges " + amount(row, "charged") +
               ", its meter records say " + amount(row, "metered");
    }));
    GLEANER_TRY(find(database, violations, sql::find_bad_shares, [](const Query& row) {
        return "the shares of attempt " + row.text("attempt_key") + " do not divide its price";
    }));
    GLEANER_TRY(find(database, violations, sql::find_days_unlike_meters, [](const Query& row) {
        return "day " + date_text(row.integer("day")) + " of source " + row.text("source") +
               " is not what its meter records sum to: " + row.text("parts") +
               " records and a price of " + amount(row, "price") + " are missing";
    }));
    GLEANER_TRY(find(database, violations, sql::find_pending_unlike_work, [](const Query& row) {
        return "account " + row.text("account") + " keeps " + amount(row, "kept") +
               ", the work that is not confirmed yields " + amount(row, "due");
    }));
    GLEANER_TRY(
        find(database, violations, sql::find_reversals_unlike_entries, [](const Query& row) {
            return "entry " + row.text("entry") + " gives back " + amount(row, "posted") +
                   ", its reversal says " + amount(row, "price");
        }));
    return find(database, violations, sql::find_statements_unlike_postings, [](const Query& row) {
        return "account " + row.text("account") + ": its meter records sum to " +
               amount(row, "metered") + ", the charges posted to it to " + amount(row, "posted");
    });
}

}  // namespace

Result<ledger::CheckReport> Store::check_ledger() {
    return state_->atomically([&]() -> Result<ledger::CheckReport> {
        GLEANER_TRY(state_->flush());
        Database& database = *state_->database;
        ledger::CheckReport report;
        Query count(database, sql::count_ledger);
        GLEANER_TRY(auto found, count.next());
        if (!found) return Error(ErrorCode::internal, "the ledger could not be counted");
        report.entries = count.integer("entries");
        report.postings = count.integer("postings");
        report.meter_records = count.integer("meters");
        GLEANER_TRY(check_sums(database, report));
        GLEANER_TRY(check_entries(database, report.violations));
        GLEANER_TRY(check_balances(database, report.violations));
        GLEANER_TRY(check_payouts(database, report.violations));
        GLEANER_TRY(check_meters(database, report.violations));
        GLEANER_TRY(check_contracts(database, report.violations));
        GLEANER_TRY(check_usage(database, report.violations));
        return report;
    });
}

}  // namespace gleaner::store
