#include "coordinator/ledger/customer_contract.h"

#include <algorithm>

#include "shared/model/civil_day.h"
#include "shared/util/check.h"

namespace gleaner::ledger {

namespace {

constexpr std::int32_t whole = 10'000;
__extension__ using Wide = __int128;

Error refused(const char* why) {
    return {ErrorCode::invalid_argument, why};
}

bool is_share(std::int32_t basis_points) {
    return basis_points >= 0 && basis_points <= whole;
}

Money rounded_down(Money amount, std::int64_t numerator, std::int64_t denominator) {
    return {static_cast<std::int64_t>(static_cast<Wide>(amount.micros) * numerator / denominator)};
}

Money rounded_up(Money amount, std::int64_t numerator, std::int64_t denominator) {
    const Wide product = static_cast<Wide>(amount.micros) * numerator;
    return {static_cast<std::int64_t>((product + denominator - 1) / denominator)};
}

}  // namespace

Status check(const CustomerTerms& terms) {
    constexpr Money most{1'000'000'000'000'000};
    if (terms.monthly < Money{} || terms.monthly > most || terms.deposit < Money{} ||
        terms.deposit > most) {
        return refused("a contract has neither a commitment nor a deposit below zero");
    }
    if (terms.months < 1 || terms.months > customer_term_months_max) {
        return refused("a contract's term is 1 to 3 months");
    }
    if (!is_share(terms.reprice_threshold) || !is_share(terms.reprice_fee) ||
        !is_share(terms.termination_penalty)) {
        return refused(
            "the repricing clause and the penalty are shares of 0 to 10000 basis points");
    }
    if (terms.reprice_fee == whole) {
        return refused("a fee for repricing takes less than all that is saved");
    }
    return ok();
}

WallTime contract_month(WallTime from, std::int32_t month) {
    const std::int64_t day = day_of(from);
    return start_of_day(add_months(day, month)) + (from - start_of_day(day));
}

WallTime bound_until(WallTime from, std::int32_t months, WallTime now) {
    std::int32_t month = months;
    while (contract_month(from, month) <= now) ++month;
    return contract_month(from, month);
}

Remaining remaining(WallTime from, WallTime until, WallTime now) {
    constexpr Duration day = std::chrono::hours(24);
    Remaining left;
    if (now >= until) return left;
    std::int32_t month = 0;
    while (contract_month(from, month + 1) <= std::max(now, from)) ++month;
    for (std::int32_t next = month + 1; contract_month(from, next + 1) <= until; ++next)
        ++left.whole_months;
    if (now <= contract_month(from, month)) {
        ++left.whole_months;
        return left;
    }
    const WallTime begins = contract_month(from, month);
    const WallTime ends = contract_month(from, month + 1);
    left.days_of_month = static_cast<std::int32_t>((ends - begins) / day);
    left.days = static_cast<std::int32_t>((std::min(ends, until) - now + day - Duration{1}) / day);
    return left;
}

Money remaining_commitment(Money monthly, const Remaining& left) {
    GLEANER_CHECK(left.days_of_month > 0 && left.days >= 0 && left.days <= left.days_of_month,
                  "days are of a month");
    return Money{monthly.micros * left.whole_months} +
           rounded_up(monthly, left.days, left.days_of_month);
}

RepriceOffer reprice_offer(const CustomerTerms& terms, Money today, const Remaining& left) {
    RepriceOffer offer;
    offer.monthly_before = terms.monthly;
    offer.monthly_after = std::min(today, terms.monthly);
    offer.saved =
        remaining_commitment(terms.monthly, left) - remaining_commitment(offer.monthly_after, left);
    offer.fee = rounded_down(offer.saved, terms.reprice_fee, whole);
    const Money fallen = terms.monthly - offer.monthly_after;
    offer.open = static_cast<Wide>(fallen.micros) * whole >
                 static_cast<Wide>(terms.monthly.micros) * terms.reprice_threshold;
    return offer;
}

Termination terminate(const CustomerTerms& terms, Money left, Money deposit_held) {
    Termination settled;
    settled.penalty = rounded_down(left, terms.termination_penalty, whole);
    settled.from_deposit = std::min(settled.penalty, deposit_held);
    settled.from_credit = settled.penalty - settled.from_deposit;
    settled.deposit_returned = deposit_held - settled.from_deposit;
    return settled;
}

Money shortfall(const CustomerTerms& terms, Money spent, std::int32_t days,
                std::int32_t days_of_month) {
    GLEANER_CHECK(days_of_month > 0 && days >= 0 && days <= days_of_month, "days are of a month");
    return std::max(Money{}, rounded_down(terms.monthly, days, days_of_month) - spent);
}

}  // namespace gleaner::ledger
