#include "coordinator/ledger/price_book.h"

#include <algorithm>
#include <limits>

#include "shared/model/civil_day.h"

namespace gleaner::ledger {

namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t price_micros_max = 1'000'000'000'000;
constexpr std::size_t lines_max = 10'000;
constexpr std::size_t name_bytes_max = 200;

std::int64_t rounded(Wide value, Wide unit) {
    const Wide result = (value + unit / 2) / unit;
    constexpr Wide most = std::numeric_limits<std::int64_t>::max() / 4;
    return static_cast<std::int64_t>(std::min(result, most));
}

std::int64_t scaled_micros(std::int64_t micros, std::int32_t tier, std::int32_t band) {
    constexpr Wide unit = static_cast<Wide>(whole_factor) * whole_factor;
    return rounded(static_cast<Wide>(micros) * tier * band, unit);
}

Error wrong(Currency currency, const std::string& what, const std::string& why) {
    return {ErrorCode::invalid_argument, std::string(code_of(currency)) + ", " + what + ": " + why};
}

Status check_price(Currency currency, const std::string& what, std::int64_t micros) {
    if (micros < 0) return wrong(currency, what, "a price is not negative");
    if (micros > price_micros_max) return wrong(currency, what, "a price is at most 1000000");
    return ok();
}

Status check_name(const std::string& name) {
    if (!name.empty() && name.size() <= name_bytes_max) return ok();
    return Error(ErrorCode::invalid_argument, "what is sold has a name of 1 to 200 bytes");
}

Status check_prices(Currency currency, const CurrencyPrices& prices) {
    if (prices.models.size() + prices.device_hours.size() > lines_max) {
        return Error(ErrorCode::too_large, "a price book has at most 10000 lines a currency");
    }
    for (const auto& [name, price] : prices.models) {
        GLEANER_TRY(check_name(name));
        for (const std::int64_t micros :
             {price.prompt_micros_per_million, price.generated_micros_per_million,
              price.cached_micros_per_million()}) {
            GLEANER_TRY(check_price(currency, "model " + name, micros));
        }
        // Else a node could raise a bill by saying that it had the prompt already.
        if (price.cached_micros_per_million() > price.prompt_micros_per_million) {
            return wrong(currency, "model " + name,
                         "a cached prompt token costs no more than another one");
        }
    }
    for (const auto& [name, price] : prices.device_hours) {
        GLEANER_TRY(check_name(name));
        GLEANER_TRY(check_price(currency, "device class " + name, price.micros));
    }
    return check_price(currency, "storage", prices.storage.micros);
}

std::string version_text(const Validity& other) {
    return "version " + std::to_string(other.version) + ", which is in force from " +
           local_time_text(other.from) +
           (other.until ? " until " + local_time_text(*other.until) : std::string());
}

}  // namespace

std::int32_t PriceBook::tier_factor(PrivacyClass tier) const {
    const auto found = tiers.find(tier);
    return found == tiers.end() ? whole_factor : found->second;
}

Status check(const PriceBook& book) {
    bool sells = false;
    for (const auto& [currency, prices] : book.currencies) {
        GLEANER_TRY(check_prices(currency, prices));
        sells = sells || !prices.models.empty() || !prices.device_hours.empty() ||
                prices.storage > Money{};
    }
    if (!sells) {
        return Error(ErrorCode::invalid_argument,
                     "the price book is empty: it names no model, device class or storage price");
    }
    for (const auto& [tier, factor] : book.tiers) {
        if (factor >= 0 && factor <= factor_max) continue;
        return Error(
            ErrorCode::invalid_argument,
            "tier " + std::string(to_string(tier)) + ": its factor is 0 to 10, with four decimals");
    }
    return check(book.bands);
}

Status check_validity(const Validity& wanted, std::span<const Validity> others, WallTime now) {
    if (wanted.from < now) {
        return Error(ErrorCode::invalid_argument,
                     "a price book begins now or later, not at " + local_time_text(wanted.from) +
                         ": prices are never changed for what is done already");
    }
    if (wanted.until && *wanted.until <= wanted.from) {
        return Error(ErrorCode::invalid_argument, "a price book ends after it begins");
    }
    for (const auto& other : others) {
        if (wanted.from == other.from) {
            return Error(ErrorCode::already_exists,
                         "it begins at the same moment as " + version_text(other) +
                             ": choose another, or withdraw that version first");
        }
        const bool inside = other.until && wanted.from > other.from && wanted.from < *other.until;
        const bool reaches = wanted.until && other.from > wanted.from && other.from < *wanted.until;
        if (inside || reaches) {
            return Error(ErrorCode::already_exists,
                         "it overlaps " + version_text(other) +
                             ": a version that ends stands for itself; begin after it, end before "
                             "it, or withdraw it first");
        }
    }
    return ok();
}

TokenPrice Tariff::scaled(std::int32_t band_factor) const {
    TokenPrice price;
    price.prompt_micros_per_million =
        scaled_micros(base.prompt_micros_per_million, tier_factor, band_factor);
    price.generated_micros_per_million =
        scaled_micros(base.generated_micros_per_million, tier_factor, band_factor);
    if (base.cached_prompt_micros_per_million) {
        price.cached_prompt_micros_per_million =
            scaled_micros(*base.cached_prompt_micros_per_million, tier_factor, band_factor);
    }
    return price;
}

std::int32_t Tariff::factor_at(WallTime time) const {
    const auto* band = band_at(bands, time);
    return band == nullptr ? whole_factor : band->factor;
}

TokenPrice Tariff::at(WallTime time) const {
    return scaled(factor_at(time));
}

std::string_view Tariff::band_name(WallTime time) const {
    const auto* band = band_at(bands, time);
    return band == nullptr ? std::string_view() : std::string_view(band->name);
}

TokenPrice Tariff::lowest() const {
    std::int32_t factor = leaves_gaps(bands) ? whole_factor : factor_max;
    for (const auto& band : bands) factor = std::min(factor, band.factor);
    return scaled(factor);
}

TokenPrice Tariff::highest() const {
    std::int32_t factor = leaves_gaps(bands) ? whole_factor : 0;
    for (const auto& band : bands) factor = std::max(factor, band.factor);
    return scaled(factor);
}

TokenPrice Tariff::lowest_between(WallTime from, WallTime to) const {
    std::int32_t factor = std::min(factor_at(from), factor_at(to));
    for (const WallTime change : band_changes(bands, from, to))
        factor = std::min(factor, factor_at(change));
    return scaled(factor);
}

TokenPrice Tariff::highest_between(WallTime from, WallTime to) const {
    std::int32_t factor = std::max(factor_at(from), factor_at(to));
    for (const WallTime change : band_changes(bands, from, to))
        factor = std::max(factor, factor_at(change));
    return scaled(factor);
}

std::optional<Tariff> tariff_of(const PriceBook& book, std::string_view model, Currency currency,
                                PrivacyClass tier) {
    const auto prices = book.currencies.find(currency);
    if (prices == book.currencies.end()) return std::nullopt;
    const auto line = prices->second.models.find(model);
    if (line == prices->second.models.end()) return std::nullopt;
    Tariff tariff;
    tariff.version = book.version;
    tariff.currency = currency;
    tariff.tier = tier;
    tariff.tier_factor = book.tier_factor(tier);
    tariff.base = line->second;
    tariff.bands = book.bands;
    return tariff;
}

Tariff fixed_tariff(TokenPrice price, Currency currency, PrivacyClass tier) {
    Tariff tariff;
    tariff.currency = currency;
    tariff.tier = tier;
    tariff.base = price;
    return tariff;
}

std::optional<Money> device_hour_price(const PriceBook& book, std::string_view device_class,
                                       Currency currency, PrivacyClass tier, WallTime at) {
    const auto prices = book.currencies.find(currency);
    if (prices == book.currencies.end()) return std::nullopt;
    const auto line = prices->second.device_hours.find(device_class);
    if (line == prices->second.device_hours.end()) return std::nullopt;
    const auto* band = band_at(book.bands, at);
    return Money{scaled_micros(line->second.micros, book.tier_factor(tier),
                               band == nullptr ? whole_factor : band->factor)};
}

Money storage_day_price(Money per_gib_month, std::int64_t bytes, std::int64_t days_of_month) {
    constexpr Wide gib = static_cast<Wide>(1) << 30;
    return {rounded(static_cast<Wide>(per_gib_month.micros) * bytes, gib * days_of_month)};
}

}  // namespace gleaner::ledger
