#pragma once
/// Numbers as documents print them. Exact: never rounded, so that what is printed adds up.

#include <cstdint>
#include <initializer_list>
#include <string>

#include "coordinator/ledger/ledger.h"
#include "shared/model/money.h"

namespace gleaner::documents {

/// The decimals, 2 to 6, that it takes to print the amount exactly.
[[nodiscard]] int decimals_of(Money amount);
/// The decimals that it takes to print every amount of the statement exactly.
[[nodiscard]] int decimals_of(const ledger::Statement& statement);

/// "1,234.50" with `decimals` decimals; the amount needs no more than those (checked).
[[nodiscard]] std::string amount_text(Money amount, int decimals);
/// "1234.50": for programs.
[[nodiscard]] std::string plain_amount(Money amount, int decimals);
/// "1,234,567".
[[nodiscard]] std::string count_text(std::int64_t count);
/// Microseconds as hours with two decimals: "12.34". Rounded: it is no money.
[[nodiscard]] std::string hours_text(std::int64_t micros);

/// "2026-11-01 – 2026-11-30" for whole days in Shanghai, moments otherwise.
[[nodiscard]] std::string period_text(WallTime from, WallTime to, bool chinese);

}  // namespace gleaner::documents
