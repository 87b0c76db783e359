#pragma once
/// Rows, words and accounts of payouts that several files of the store need. Not for others.

#include <string>
#include <string_view>

#include "coordinator/ledger/accounts.h"
#include "coordinator/store/payouts.h"
#include "coordinator/store/sqlite/statement.h"

namespace gleaner::store {

[[nodiscard]] PayoutParty payout_party(const Query& row);
[[nodiscard]] ledger::PayoutMethod payout_method(const std::string& text);
[[nodiscard]] Payout payout_row(const Query& row);
[[nodiscard]] PayoutBatch batch_row(const Query& row);

/// What the party has earned and is confirmed.
[[nodiscard]] ledger::Account account_of(const PayoutParty& party, Currency currency);

/// invalid_argument for an idempotency key that is empty or too long.
[[nodiscard]] Status require_payout_key(std::string_view key);

}  // namespace gleaner::store
