#include "shared/model/money.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace gleaner {

Money price_of(TokenPrice price, std::int64_t prompt_tokens, std::int64_t generated_tokens,
               std::int64_t cached_tokens) {
    __extension__ using Wide = __int128;
    const auto cached =
        std::clamp<std::int64_t>(cached_tokens, 0, std::max<std::int64_t>(prompt_tokens, 0));
    const Wide total =
        static_cast<Wide>(price.prompt_micros_per_million) * (prompt_tokens - cached) +
        static_cast<Wide>(price.cached_micros_per_million()) * cached +
        static_cast<Wide>(price.generated_micros_per_million) * generated_tokens;
    const Wide micros = (total + 500'000) / 1'000'000;
    constexpr Wide most = std::numeric_limits<std::int64_t>::max() / 4;
    return {static_cast<std::int64_t>(micros > most ? most : micros)};
}

std::string to_decimal(Money amount) {
    const bool negative = amount.micros < 0;
    const auto magnitude = static_cast<std::uint64_t>(std::llabs(amount.micros));
    const std::string fraction = std::to_string(magnitude % 1'000'000);
    return (negative ? "-" : "") + std::to_string(magnitude / 1'000'000) + "." +
           std::string(6 - fraction.size(), '0') + fraction;
}

std::optional<Money> parse_decimal(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    const auto fraction =
        point == std::string_view::npos ? std::string_view("0") : text.substr(point + 1);
    const auto digits = [](std::string_view part, std::size_t most) {
        return !part.empty() && part.size() <= most &&
               std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
    };
    if (!digits(whole, 10) || !digits(fraction, 6)) return std::nullopt;
    std::int64_t micros = 0;
    for (const char c : whole) micros = micros * 10 + (c - '0');
    for (std::size_t i = 0; i < 6; ++i)
        micros = micros * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
    if (micros > 1'000'000'000'000'000) return std::nullopt;
    return Money{negative ? -micros : micros};
}

}  // namespace gleaner
