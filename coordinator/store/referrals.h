#pragma once
/// The partner programme: codes by which partners bring owners and customers, whom they brought,
/// and the limits of what they get for it. A referral lasts; it is made when somebody joins and
/// never afterwards, so that nobody's share changes behind their back.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/store.h"

namespace gleaner::store {

struct ReferralCode {
    std::string code;  ///< eight letters and digits, easily read out
    PartnerId partner;
    std::string label;
    WallTime created;
    std::optional<WallTime> revoked;
};

/// An owner or a customer whom a partner brought.
struct Referral {
    ledger::PartyKind kind = ledger::PartyKind::owner;
    std::string id;
    std::string name;
    WallTime since;
    std::string code;  ///< by which they came; empty: an operator said so
    Currency currency = Currency::cny;
    Money commission;  ///< shared with the partner since then, before the monthly cap
};

class Referrals {
public:
    explicit Referrals(Store& store) : store_(store) {}

    Result<ReferralCode> add_code(const PartnerId& partner, std::string_view label);
    Result<std::vector<ReferralCode>> codes(const PartnerId& partner);
    /// Errors: not_found, also for another partner's.
    Status revoke_code(const PartnerId& partner, std::string_view code);
    /// The partner whose code it is. Errors: invalid_argument for one that is unknown or revoked.
    Result<ReferralCode> resolve(std::string_view code);

    Result<Owner> add_owner(std::string_view name, std::string_view code);
    Result<Customer> add_customer(std::string_view name, std::string_view code,
                                  const OwnerId& own_sites_of);

    /// Owners first, then customers, by when they came; one row a currency.
    Result<std::vector<Referral>> of(const PartnerId& partner);

    /// The most that the partner gets from one referral in a month; what is above is the
    /// platform's. Errors: invalid_argument below zero, not_found.
    Status set_cap(const PartnerId& partner, Currency currency, Money most);
    Result<std::optional<Money>> cap(const PartnerId& partner, Currency currency);

private:
    Store& store_;
};

}  // namespace gleaner::store
