#pragma once
/// The journal's accounts: their names, and the kinds of entries between them.

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/model/currency.h"
#include "shared/model/ids.h"

namespace gleaner::ledger {

/// Who the credit belongs to or what it is set aside for. Positive: the platform owes it. An
/// account has one currency; the same party's account of another one is another account.
struct Account {
    std::string name;  ///< unique: "owner:own_…", "owner:own_…@USD"
    Currency currency = Currency::cny;
    friend bool operator==(const Account&, const Account&) = default;
};

// What is never below zero: hold, pending, deposit and payout accounts. A customer's falls below
// zero by their credit limit and by what an answer cost more than was foreseen; an owner's or a
// partner's only by a reversal of what was confirmed already.

/// Money paid in from outside, negative by convention.
[[nodiscard]] Account cash_account(Currency currency);
[[nodiscard]] Account platform_account(Currency currency);
/// Credit at a customer's disposal.
[[nodiscard]] Account customer_account(const CustomerId& id, Currency currency);
/// Credit set aside for a batch.
[[nodiscard]] Account hold_account(const JobId& id, Currency currency);
/// Earned and confirmed: what can be paid out.
[[nodiscard]] Account owner_account(const OwnerId& id, Currency currency);
[[nodiscard]] Account partner_account(const PartnerId& id, Currency currency);
/// Earned, and held back until the checks of the work are over.
[[nodiscard]] Account pending_account(const OwnerId& id, Currency currency);
[[nodiscard]] Account pending_account(const PartnerId& id, Currency currency);
/// A customer's security for a contract.
[[nodiscard]] Account deposit_account(std::string_view contract, Currency currency);
/// Money on its way out of the platform.
[[nodiscard]] Account payout_account(std::string_view payout, Currency currency);

enum class EntryKind : std::uint8_t {
    top_up,          ///< cash → customer
    refund,          ///< customer → cash
    hold,            ///< customer → hold
    release,         ///< hold → customer
    charge,          ///< hold, customer → pending shares of owners and partners, platform: work,
                     ///< and hours of reserved machines
    reversal,        ///< the opposite of (a part of) an earlier entry
    confirm,         ///< pending → owner, partner
    cap,             ///< pending partner → platform: above what a partner's share is limited to
    tier,            ///< platform → owner: a larger share for a month of much work
    guarantee,       ///< platform → owner: what a month lacks to the guaranteed minimum
    credit,          ///< platform → customer: a promise that was not kept
    storage,         ///< customer → platform
    deposit,         ///< customer → deposit
    deposit_return,  ///< deposit → customer
    fee,             ///< customer, deposit → platform: repricing, early termination
    payout,          ///< owner, partner → payout: asked for
    payout_return,   ///< payout → owner, partner: refused or failed
    payout_sent,     ///< payout → cash: it arrived
};

[[nodiscard]] std::string_view to_string(EntryKind kind);

}  // namespace gleaner::ledger
