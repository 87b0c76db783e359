#pragma once
/// Price books and tariffs as JSON. A book's is written by people (as TOML, with the same members):
///
///   tiers       {"certified": "1.2"}                        factors
///   bands       [{"name": "night", "from": "23:00", "to": "07:00",
///                 "days": ["mon", …], "factor": "0.6"}]     days: all when left out
///   currencies  {"CNY": {"storage_per_gib_month": "0.2",
///                        "models": {"qwen3-4b": {"prompt": "0.5", "cached_prompt": "0.1",
///                                                "generated": "2"}},     per million tokens
///                        "device_hours": {"NVIDIA GeForce RTX 4060": "1.8"}}}
///
/// Amounts and factors are texts, so that none passes through a floating-point number. A tariff's
/// is the store's own.

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "coordinator/ledger/price_book.h"

namespace gleaner::ledger {

/// A checked book without version and times. Errors: invalid_argument, naming the member.
[[nodiscard]] Result<PriceBook> read_price_book(const boost::json::object& members);

/// Equal books have equal texts.
[[nodiscard]] boost::json::object to_json(const PriceBook& book);

[[nodiscard]] boost::json::array to_json(const std::vector<TimeBand>& bands);

[[nodiscard]] std::string to_text(const Tariff& tariff);
/// Nothing for what to_text() has not made.
[[nodiscard]] std::optional<Tariff> tariff_of_text(std::string_view text);

/// "0.6" for 6 000 basis points; trailing zeros are left out.
[[nodiscard]] std::string factor_text(std::int32_t factor);
/// "12.5" for 12 500 000 micros; trailing zeros are left out.
[[nodiscard]] std::string short_decimal(Money amount);

}  // namespace gleaner::ledger
