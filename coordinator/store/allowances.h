#pragma once
/// What a customer and a key may still spend, read from the rows. For the store's own files; others
/// ask Tenants.

#include <string_view>

#include "coordinator/ledger/allowance.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

/// Balance and limit, with what the open transaction has posted. A customer that does not exist has
/// neither.
[[nodiscard]] Result<ledger::Credit> credit_of(Store::State& state, const CustomerId& customer,
                                               Currency currency);

/// `api_key` may be empty: bounded by the customer and the project only. Reads a few rows, however
/// much was ever spent. Errors: not_found (project).
[[nodiscard]] Result<ledger::Allowance> allowance(Store::State& state, const CustomerId& customer,
                                                  const ProjectId& project,
                                                  std::string_view api_key);

}  // namespace gleaner::store
