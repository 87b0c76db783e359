#pragma once
/// Terms of contracts and dates as the admin API reads them.

#include <optional>
#include <string_view>

#include "coordinator/api/admin/json_body.h"
#include "coordinator/ledger/revenue.h"

namespace gleaner::admin {

/// The members "split" (needed), "tiers" and "guarantee" of a proposal; the platform's share is
/// what the others leave. Errors: invalid_argument, naming the member; those of ledger::check are
/// left to the store.
[[nodiscard]] Result<ledger::RevenueTerms> terms_from(JsonBody& body);
/// A date that a member names; `absent` when it is not there.
[[nodiscard]] Result<std::optional<std::int64_t>> day_from(JsonBody& body, std::string_view key);

}  // namespace gleaner::admin
