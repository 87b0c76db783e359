#pragma once
/// What a customer binds themselves to for a term, and what it costs to leave or to change it in a
/// falling market. Pure rules; every figure can be shown before anybody signs.

#include <cstdint>

#include "shared/model/money.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::ledger {

/// Prices stay as they are for the term, and each month at least `monthly` is paid.
struct CustomerTerms {
    Money monthly;            ///< the commitment a month, at the locked prices
    std::int32_t months = 1;  ///< the term: 1 to customer_term_months_max
    Money deposit;            ///< set aside at signing; returned at the end
    /// How far the price book must fall below the locked prices before the customer may have the
    /// lower ones, and what that costs: of what the rest of the term becomes cheaper. Basis points.
    std::int32_t reprice_threshold = 2'000;
    std::int32_t reprice_fee = 2'000;
    /// What leaving early costs, of what was still to be paid. Basis points.
    std::int32_t termination_penalty = 3'000;
    friend bool operator==(const CustomerTerms&, const CustomerTerms&) = default;
};

inline constexpr std::int32_t customer_term_months_max = 3;

/// Errors: invalid_argument with a sentence.
[[nodiscard]] Status check(const CustomerTerms& terms);

/// What is left of the term: months that have not begun, and of the month that runs the days that
/// are left of its days.
struct Remaining {
    std::int32_t whole_months = 0;
    std::int32_t days = 0;
    std::int32_t days_of_month = 30;
};

/// Months of a contract are counted from its beginning: from the 15th to the 15th, in Shanghai.
/// The moment at which its month number `month` (from 0) begins.
[[nodiscard]] WallTime contract_month(WallTime from, std::int32_t month);
/// The end to which one that renews is bound at `now`: of its term, later of the month that runs.
[[nodiscard]] WallTime bound_until(WallTime from, std::int32_t months, WallTime now);
/// What is left of the time until `until`, which is the beginning of one of its months or before.
[[nodiscard]] Remaining remaining(WallTime from, WallTime until, WallTime now);

/// What is still to be paid for it; the part of a month is rounded up to a whole micro.
[[nodiscard]] Money remaining_commitment(Money monthly, const Remaining& left);

/// The clause for a falling market, at the prices of today.
struct RepriceOffer {
    bool open = false;  ///< prices fell by more than the threshold
    Money monthly_before;
    Money monthly_after;
    Money saved;  ///< over the rest of the term, before the fee
    Money fee;    ///< less than what is saved
};

/// `today`: what the commitment's capacity costs a month by the price book in force.
[[nodiscard]] RepriceOffer reprice_offer(const CustomerTerms& terms, Money today,
                                         const Remaining& left);

/// How an early end is settled: the penalty is taken from the deposit first, then from credit.
struct Termination {
    Money penalty;
    Money from_deposit;
    Money from_credit;  ///< may leave the customer's account below zero: they owe it
    Money deposit_returned;
};

/// `left`: what is still to be paid.
[[nodiscard]] Termination terminate(const CustomerTerms& terms, Money left, Money deposit_held);

/// At a month's end: what is missing to the commitment when `spent` was paid for work. The first
/// and the last month count by their days.
[[nodiscard]] Money shortfall(const CustomerTerms& terms, Money spent, std::int32_t days,
                              std::int32_t days_of_month);

}  // namespace gleaner::ledger
