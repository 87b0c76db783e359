#pragma once
/// Money in integer micro-units (1 CNY = 1 000 000 micros). Never a float.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gleaner {

/// An amount of the deployment's one currency. Signed: postings use both signs.
struct Money {
    std::int64_t micros = 0;

    friend auto operator<=>(const Money&, const Money&) = default;
    friend Money operator+(Money a, Money b) { return {a.micros + b.micros}; }
    friend Money operator-(Money a, Money b) { return {a.micros - b.micros}; }
    friend Money operator-(Money a) { return {-a.micros}; }
    Money& operator+=(Money b) {
        micros += b.micros;
        return *this;
    }
    Money& operator-=(Money b) {
        micros -= b.micros;
        return *this;
    }
};

/// Prices are micros per one million tokens: 1 CNY per million tokens = 1 000 000.
struct TokenPrice {
    std::int64_t prompt_micros_per_million = 0;
    std::int64_t generated_micros_per_million = 0;
    /// Of those prompt tokens that the engine had computed before; unset: they cost as others.
    std::optional<std::int64_t> cached_prompt_micros_per_million = std::nullopt;

    [[nodiscard]] std::int64_t cached_micros_per_million() const {
        return cached_prompt_micros_per_million.value_or(prompt_micros_per_million);
    }
    friend bool operator==(const TokenPrice&, const TokenPrice&) = default;
};

/// Price of tokens, rounded half up to a whole micro. Saturates instead of overflowing.
/// `cached_tokens` are among the prompt's: what is more than these, or below zero, does not count.
[[nodiscard]] Money price_of(TokenPrice price, std::int64_t prompt_tokens,
                             std::int64_t generated_tokens, std::int64_t cached_tokens = 0);

/// "12.345678" for 12 345 678 micros.
[[nodiscard]] std::string to_decimal(Money amount);

/// The inverse, for what people write: "12.5", "-3", at most six decimals and a thousand million.
[[nodiscard]] std::optional<Money> parse_decimal(std::string_view text);

}  // namespace gleaner
