#pragma once
/// Double-entry accounts, splits and statements. Pure: values in, values out; the store keeps them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/accounts.h"
#include "shared/model/ids.h"
#include "shared/model/money.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::ledger {

/// One signed line of an entry: positive = the account gains.
struct Posting {
    Account account;
    Money amount;
};

/// A balanced transaction. `key` makes it idempotent.
struct Entry {
    std::string key;
    EntryKind kind = EntryKind::charge;
    WallTime at;
    std::vector<Posting> postings;
};

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

/// The postings that move `price` from `payer` to the platform and to what owner and partners have
/// pending, in the payer's currency: balanced, one posting an account, none of zero.
[[nodiscard]] std::vector<Posting> charge(Money price, const Account& payer, const OwnerId& owner,
                                          const PartnerId& owner_partner,
                                          const PartnerId& customer_partner, const Split& split);

/// The postings of each currency sum to zero and none is zero.
[[nodiscard]] bool balanced(const Entry& entry);

/// What stands in the place of a model where reserved machines' hours are meant.
inline constexpr std::string_view reserved_work = "reserved";

/// What a statement's line sums over.
struct StatementLine {
    std::string label;         ///< in English: a node, a model, an entry kind
    std::string kind;          ///< "work", "held", or the EntryKind of the entries in the sum
    std::string subject;       ///< of work: the id of a node, owner or customer; empty: of none
    std::string subject_kind;  ///< of work: "node", "owner", "customer", "model"
    std::string name;          ///< of work: what people call the subject, or a model
    std::string site;          ///< of work on nodes: the id of the site they stood at
    std::string site_name;     ///< likewise
    std::string device_class;  ///< of work on nodes
    std::string date;          ///< "2026-11-25": work of that day; empty: of the whole period
    std::int64_t items = 0;
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;
    std::int64_t generated_tokens = 0;
    std::int64_t device_micros = 0;
    std::int64_t reference_micros = 0;
    Money amount;
};

enum class PartyKind : std::uint8_t { owner, partner, customer, platform };

[[nodiscard]] std::string_view to_string(PartyKind kind);

/// A period's account of one party. `opening + sum(lines) = closing`. Owners' and partners' amounts
/// are all that they have earned, `pending` is what of the closing balance is not confirmed yet.
struct Statement {
    std::string party;  ///< in English: "owner Sunny Cafe"
    PartyKind kind = PartyKind::platform;
    std::string id;    ///< empty for the platform
    std::string name;  ///< likewise
    Currency currency = Currency::cny;
    WallTime from;
    WallTime to;
    Money opening;
    std::vector<StatementLine> lines;
    Money closing;
    Money pending;
    /// Files that hold the single entries of months in the period; here are their days' sums.
    std::vector<std::string> archives;
};

/// Why the statement cannot be shown to anybody: its lines do not lead from the opening to the
/// closing balance. Nothing when they do.
[[nodiscard]] std::optional<std::string> imbalance(const Statement& statement);

struct CheckReport {
    std::int64_t entries = 0;
    std::int64_t postings = 0;
    std::int64_t meter_records = 0;
    Money sum;  ///< of all postings, of each currency: zero
    std::vector<std::string> violations;
};

}  // namespace gleaner::ledger
