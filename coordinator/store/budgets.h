#pragma once
/// Monthly budgets of customers and projects, and the alerts that they raise. A month is
/// Shanghai's. What a budget counts is metered work: tokens, by their price.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/store/spending.h"
#include "coordinator/store/store.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

/// Whose budget: a customer's (in one currency) or a project's (in its own).
struct BudgetSubject {
    SpenderKind kind = SpenderKind::project;
    std::string id;
    Currency currency = Currency::cny;  ///< a project's own replaces it
};

struct Budget {
    BudgetSubject subject;
    Money amount;                          ///< a month
    bool hard = false;                     ///< refuses what goes beyond; else it only warns
    std::vector<std::int32_t> thresholds;  ///< percent of `amount`, ascending
    Money spent;                           ///< this month
    WallTime created;
    WallTime changed;
};

inline constexpr std::int32_t threshold_percent_max = 1'000;
inline constexpr std::size_t thresholds_max = 10;

/// A threshold was crossed: one per budget, month and threshold.
struct BudgetAlert {
    std::int64_t number = 0;
    BudgetSubject subject;
    CustomerId customer;
    Month month;
    std::int32_t percent = 0;
    Money amount;  ///< of the budget, then
    Money spent;   ///< then
    bool hard = false;
    WallTime raised;
    std::optional<WallTime> delivered;  ///< when the customer was told
};

class Budgets {
public:
    explicit Budgets(Store& store) : store_(store), state_(store.state()) {}

    /// Makes or replaces the subject's budget; no thresholds: 50, 80 and 100 percent. Alerts of
    /// what is spent already are raised at once. Errors: not_found (customer, project),
    /// invalid_argument (amount, thresholds).
    Result<Budget> set(BudgetSubject subject, Money amount, bool hard,
                       std::vector<std::int32_t> thresholds);
    /// Errors: not_found, also for a subject without a budget.
    Status remove(BudgetSubject subject);
    Result<Budget> budget(BudgetSubject subject);
    /// Of a customer and its projects, or all.
    Result<std::vector<Budget>> budgets(const std::optional<CustomerId>& of);

    /// The newest first, below number `before` (0: from the newest).
    Result<std::vector<BudgetAlert>> alerts(const std::optional<CustomerId>& of,
                                            std::int64_t before, std::int64_t limit);
    /// The oldest first, above number `after`.
    Result<std::vector<BudgetAlert>> undelivered_alerts(std::int64_t after, std::int64_t limit);
    /// True the first time. Errors: not_found is not told from "delivered already": false.
    Result<bool> set_delivered(std::int64_t alert);

private:
    Status settle_currency(BudgetSubject& subject);
    [[nodiscard]] std::int64_t this_month() const;

    Store& store_;
    Store::State& state_;
};

}  // namespace gleaner::store
