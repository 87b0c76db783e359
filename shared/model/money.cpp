#include "shared/model/money.h"

#include <cstdlib>
#include <limits>

namespace gleaner {

Money price_of(TokenPrice price, std::int64_t prompt_tokens, std::int64_t generated_tokens) {
    __extension__ using Wide = __int128;
    const Wide total = static_cast<Wide>(price.prompt_micros_per_million) * prompt_tokens +
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

}  // namespace gleaner
