#pragma once
/// The currencies that accounts are kept in. Amounts of different ones are never added.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gleaner {

/// All have at least two decimals, so that a payable amount is a whole number of 10 000 micros.
enum class Currency : std::uint8_t { cny, usd, eur, hkd, sgd };

struct CurrencyName {
    Currency currency;
    std::string_view code;  ///< ISO 4217
    std::string_view sign;  ///< before amounts
};
inline constexpr std::array currency_names{
    CurrencyName{Currency::cny, "CNY", "¥"}, CurrencyName{Currency::usd, "USD", "US$"},
    CurrencyName{Currency::eur, "EUR", "€"}, CurrencyName{Currency::hkd, "HKD", "HK$"},
    CurrencyName{Currency::sgd, "SGD", "S$"}};

[[nodiscard]] constexpr std::string_view code_of(Currency currency) {
    return currency_names[static_cast<std::size_t>(currency)].code;
}
[[nodiscard]] constexpr std::string_view sign_of(Currency currency) {
    return currency_names[static_cast<std::size_t>(currency)].sign;
}

[[nodiscard]] constexpr std::optional<Currency> parse_currency(std::string_view code) {
    for (const auto& name : currency_names)
        if (name.code == code) return name.currency;
    return std::nullopt;
}

}  // namespace gleaner
