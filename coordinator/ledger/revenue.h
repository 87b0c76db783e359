#pragma once
/// How revenue is shared under a contract with an owner, and what a month's close adds to it. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/ledger.h"
#include "shared/model/money.h"
#include "shared/util/result.h"

namespace gleaner::ledger {

/// Above `from` of what customers paid in a month for work at this owner's sites, the owner's share
/// of what is above is `owner` basis points; the platform's is smaller by as much.
struct Tier {
    Money from;
    std::int32_t owner = 0;
    friend bool operator==(const Tier&, const Tier&) = default;
};

/// A monthly minimum for an owner who keeps machines ready: paid in full for `hours` device-hours
/// on offer in the month, in proportion for fewer, and only so far as shares do not reach it.
/// Machines that passed no check in the month were not on offer: presence alone earns nothing.
struct Guarantee {
    Money minimum;
    std::int64_t hours = 0;
    friend bool operator==(const Guarantee&, const Guarantee&) = default;
};

struct RevenueTerms {
    Split split;
    std::vector<Tier> tiers;  ///< ascending; empty: the split's share for all
    Guarantee guarantee;      ///< minimum 0: none
};

inline constexpr std::int32_t owner_share_default_min = 6'000;
/// No referrer gets more than this of a price, so that no share is eaten up by them.
inline constexpr std::int32_t partner_share_max = 1'000;
inline constexpr std::size_t tiers_max = 16;

/// Errors: invalid_argument with a sentence: shares that do not sum to 10 000, a partner's share
/// above partner_share_max, tiers out of order or below the owner's share or beyond what the
/// platform has, a guarantee without hours or below zero.
[[nodiscard]] Status check(const RevenueTerms& terms);

/// What the tiers add to the owner's shares for a month in which customers paid `gross`; by the
/// rule for each tier's part alone, rounded down, so that the platform never gives what it did not
/// get. `gross` below zero (all was reversed) adds nothing.
[[nodiscard]] Money tier_bonus(const RevenueTerms& terms, Money gross);

/// What the guarantee adds to `earned` (shares and tiers, after reversals) for `checked_hours`
/// device-hours on offer.
[[nodiscard]] Money guarantee_due(const Guarantee& guarantee, Money earned,
                                  std::int64_t checked_hours);

/// Of a partner's `commission`, what stays theirs when `before` was confirmed this month from the
/// same referral and `cap` is the most; without a cap all.
[[nodiscard]] Money capped(Money commission, Money before, std::optional<Money> cap);

/// RevenueTerms as the JSON that is kept and signed: one text for equal terms.
[[nodiscard]] std::string to_json(const RevenueTerms& terms);
/// Errors: data_corrupt for what to_json did not write, or what check() refuses.
[[nodiscard]] Result<RevenueTerms> revenue_terms_from_json(std::string_view json);

}  // namespace gleaner::ledger
