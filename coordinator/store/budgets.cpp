#include "coordinator/store/budgets.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include "coordinator/store/state.h"
#include "shared/util/check.h"

namespace gleaner::store {

namespace {

SpenderKind spender_kind(const std::string& text) {
    for (const auto kind : {SpenderKind::key, SpenderKind::project, SpenderKind::customer}) {
        if (to_string(kind) == text) return kind;
    }
    GLEANER_CHECK(false, "a CHECK of the table names every kind");
    return SpenderKind::customer;
}

BudgetSubject subject_row(const Query& row) {
    return {spender_kind(row.text("kind")), row.text("id"), currency(row.text("currency"))};
}

Budget budget_row(const Query& row) {
    Budget budget;
    budget.subject = subject_row(row);
    budget.amount = row.money("amount");
    budget.hard = row.boolean("hard");
    std::istringstream percents(row.text("thresholds"));
    for (std::int32_t percent = 0; percents >> percent;) budget.thresholds.push_back(percent);
    std::ranges::sort(budget.thresholds);
    budget.spent = row.money("spent");
    budget.created = row.time("created");
    budget.changed = row.time("changed");
    return budget;
}

BudgetAlert alert_row(const Query& row) {
    BudgetAlert alert;
    alert.number = row.integer("number");
    alert.subject = subject_row(row);
    alert.customer = row.id<CustomerId>("customer");
    alert.month = Month{row.integer("month")};
    alert.percent = static_cast<std::int32_t>(row.integer("percent"));
    alert.amount = row.money("amount");
    alert.spent = row.money("spent");
    alert.hard = row.boolean("hard");
    alert.raised = row.time("raised");
    alert.delivered = row.optional_time("delivered_at");
    return alert;
}

Status check_thresholds(std::vector<std::int32_t>& thresholds) {
    if (thresholds.empty()) thresholds = {50, 80, 100};
    std::ranges::sort(thresholds);
    const bool good = thresholds.size() <= thresholds_max && thresholds.front() >= 1 &&
                      thresholds.back() <= threshold_percent_max &&
                      std::ranges::adjacent_find(thresholds) == thresholds.end();
    if (good) return ok();
    return Error(ErrorCode::invalid_argument,
                 "a budget has 1 to 10 different thresholds from 1 to 1000 percent");
}

}  // namespace

std::int64_t Budgets::this_month() const {
    return month_of(day_of(state_.clock.wall())).number;
}

Status Budgets::settle_currency(BudgetSubject& subject) {
    if (subject.kind == SpenderKind::project) {
        GLEANER_TRY(const auto project, store_.project(ProjectId{subject.id}));
        subject.currency = project.currency;
        return ok();
    }
    if (subject.kind == SpenderKind::key) {
        return Error(ErrorCode::invalid_argument,
                     "a key has a spend cap, not a budget: set it with the key");
    }
    GLEANER_TRY(store_.customer(CustomerId{subject.id}));
    return ok();
}

Result<Budget> Budgets::set(BudgetSubject subject, Money amount, bool hard,
                            std::vector<std::int32_t> thresholds) {
    if (amount <= Money{}) {
        return Error(ErrorCode::invalid_argument,
                     "a budget is an amount above zero: remove it for none");
    }
    GLEANER_TRY(check_thresholds(thresholds));
    return state_.atomically([&]() -> Result<Budget> {
        GLEANER_TRY(settle_currency(subject));
        GLEANER_TRY(state_.flush());
        Database& database = *state_.database;
        GLEANER_TRY(const auto spender,
                    state_.spending.spender(subject.kind, subject.id, subject.currency));
        GLEANER_TRY(database.run(sql::put_budget, spender, amount, hard, state_.clock.wall()));
        GLEANER_TRY(database.run(sql::clear_budget_thresholds, spender));
        for (const std::int32_t percent : thresholds) {
            GLEANER_TRY(database.run(sql::add_budget_threshold, spender, percent));
        }
        GLEANER_TRY(state_.spending.raise_alerts(spender, this_month()));
        return budget(subject);
    });
}

Status Budgets::remove(BudgetSubject subject) {
    return state_.atomically([&]() -> Status {
        GLEANER_TRY(budget(subject));
        GLEANER_TRY(settle_currency(subject));
        GLEANER_TRY(const auto spender,
                    state_.spending.spender(subject.kind, subject.id, subject.currency));
        GLEANER_TRY(state_.database->run(sql::clear_budget_thresholds, spender));
        return state_.database->run(sql::remove_budget, spender);
    });
}

Result<Budget> Budgets::budget(BudgetSubject subject) {
    GLEANER_TRY(settle_currency(subject));
    GLEANER_TRY(state_.flush());
    return state_.one("budget", budget_row, sql::select_budget, to_string(subject.kind), subject.id,
                      code_of(subject.currency), this_month());
}

Result<std::vector<Budget>> Budgets::budgets(const std::optional<CustomerId>& of) {
    GLEANER_TRY(state_.flush());
    if (!of) return state_.all(budget_row, sql::list_budgets, this_month());
    return state_.all(budget_row, sql::list_budgets_of, *of, this_month());
}

Result<std::vector<BudgetAlert>> Budgets::alerts(const std::optional<CustomerId>& of,
                                                 std::int64_t before, std::int64_t limit) {
    GLEANER_TRY(state_.flush());
    if (before <= 0) before = std::numeric_limits<std::int64_t>::max();
    if (!of) return state_.all(alert_row, sql::list_alerts, before, limit);
    return state_.all(alert_row, sql::list_alerts_of_customer, *of, before, limit);
}

Result<std::vector<BudgetAlert>> Budgets::undelivered_alerts(std::int64_t after,
                                                             std::int64_t limit) {
    GLEANER_TRY(state_.flush());
    return state_.all(alert_row, sql::list_undelivered_alerts, after, limit);
}

Result<bool> Budgets::set_delivered(std::int64_t alert) {
    GLEANER_TRY(const auto changed,
                state_.database->change(sql::set_alert_delivered, alert, state_.clock.wall()));
    return changed > 0;
}

}  // namespace gleaner::store
