#pragma once
/// Double-entry accounts, splits and statements. Pure: values in, values out; the store keeps them.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shared/model/ids.h"
#include "shared/model/money.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::ledger {

/// One signed line of an entry: positive = the account gains.
struct Posting {
    std::string account;
    Money amount;
};

/// A balanced transaction. `key` makes it idempotent.
struct Entry {
    std::string key;
    std::string kind;  ///< "top_up", "hold", "release", "charge", "reversal"
    WallTime at;
    std::vector<Posting> postings;
};

// Account names: "cash" (money paid in from outside, negative by convention), "customer:<id>"
// (credit at their disposal), "hold:<job>", "owner:<id>", "partner:<id>", "platform".
[[nodiscard]] std::string customer_account(const CustomerId& id);
[[nodiscard]] std::string hold_account(const JobId& id);
[[nodiscard]] std::string owner_account(const OwnerId& id);
[[nodiscard]] std::string partner_account(const PartnerId& id);

/// Shares of revenue in basis points of 1/10 000; they sum to 10 000.
struct Split {
    std::int32_t owner = 7'000;
    std::int32_t owner_partner = 500;     ///< who referred the owner; the platform's if nobody did
    std::int32_t customer_partner = 500;  ///< who referred the customer; likewise
    std::int32_t platform = 2'000;
};

/// One price, divided. The four sum to the price.
struct Shares {
    Money owner;
    Money owner_partner;
    Money customer_partner;
    Money platform;
};

/// Divides `amount` by `weights` with the largest-remainder method: the parts always sum to it, and
/// each is less than one micro away from its exact share. Equal remainders go to the earlier part.
/// Weights are not negative and not all zero (checked).
[[nodiscard]] std::vector<Money> divide(Money amount, std::span<const std::int32_t> weights);

/// True when no share is negative and they sum to 10 000.
[[nodiscard]] bool valid(const Split& split);

/// Divides a price by `split`; the share of a partner that does not exist is the platform's.
/// The split is valid (checked).
[[nodiscard]] Shares share(Money price, const Split& split, bool has_owner_partner,
                           bool has_customer_partner);

/// The postings that move `price` from `payer_account` to owner, partners and platform: balanced,
/// one posting an account, none of zero.
[[nodiscard]] std::vector<Posting> charge(Money price, const std::string& payer_account,
                                          const OwnerId& owner, const PartnerId& owner_partner,
                                          const PartnerId& customer_partner, const Split& split);

/// Sum of the postings is zero and no posting is zero.
[[nodiscard]] bool balanced(const Entry& entry);

struct StatementLine {
    std::string label;  ///< a node, a model, an entry kind: what the line sums over
    std::int64_t items = 0;
    std::int64_t prompt_tokens = 0;
    std::int64_t generated_tokens = 0;
    std::int64_t device_micros = 0;
    Money amount;
};

/// A period's account of one party. `opening + sum(lines) = closing`.
struct Statement {
    std::string party;
    WallTime from;
    WallTime to;
    Money opening;
    std::vector<StatementLine> lines;
    Money closing;
};

struct CheckReport {
    std::int64_t entries = 0;
    std::int64_t postings = 0;
    std::int64_t meter_records = 0;
    Money sum;  ///< of all postings: zero
    std::vector<std::string> violations;
};

}  // namespace gleaner::ledger
