#pragma once
/// Contracts with owners about their share of revenue: proposed by the platform, in force only
/// once the owner has signed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/revenue.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

/// Holds on the days [first_day, end_day) of accounts.
struct RevenueContract {
    std::string id;  ///< rct_…
    OwnerId owner;
    Currency currency = Currency::cny;
    ledger::RevenueTerms terms;
    std::int64_t first_day = 0;
    std::optional<std::int64_t> end_day;  ///< nothing: until one side ends it
    WallTime proposed;
    std::string proposed_by;  ///< the operator
    std::optional<WallTime> signed_at;
    std::string signed_by;  ///< the owner's credential
};

class RevenueContracts {
public:
    explicit RevenueContracts(Store& store) : store_(store) {}

    /// Errors: invalid_argument (terms that check() refuses, days that are past or in the wrong
    /// order), not_found (owner).
    Result<RevenueContract> propose(const OwnerId& owner, Currency currency,
                                    const ledger::RevenueTerms& terms, std::int64_t first_day,
                                    std::optional<std::int64_t> end_day, std::string_view by);
    /// `credential` is one of the owner's own. Signing again changes nothing. Errors: not_found,
    /// permission_denied (another's key), failed_precondition (its first day has passed, or a
    /// signed contract holds on one of its days: end that first).
    Result<RevenueContract> sign(const std::string& id, const Principal& by);
    /// Its last day is the day before `end_day`, which is tomorrow at the earliest; earlier than
    /// agreed, never later. Errors: invalid_argument, not_found.
    Result<RevenueContract> end(const std::string& id, std::int64_t end_day);
    Result<RevenueContract> read(const std::string& id);
    /// All of an owner's, signed or not, by their first day.
    Result<std::vector<RevenueContract>> of(const OwnerId& owner);
    /// What divides the owner's revenue on `day`: the contract's terms, or the platform's own.
    Result<ledger::RevenueTerms> in_force(const OwnerId& owner, Currency currency,
                                          std::int64_t day);

private:
    Store& store_;
};

}  // namespace gleaner::store
