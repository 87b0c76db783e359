#pragma once
/// What the platform charges, and from when. Pure: values in, values out; the store keeps the
/// versions and the JSON form is price_book_json.h's.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/time_band.h"
#include "shared/model/currency.h"
#include "shared/model/money.h"
#include "shared/model/privacy.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::ledger {

/// All prices of one currency. What has no line is not sold by this book in that currency.
struct CurrencyPrices {
    std::map<std::string, TokenPrice, std::less<>> models;   ///< by the name that customers say
    std::map<std::string, Money, std::less<>> device_hours;  ///< by device class
    Money storage;                                           ///< per GiB and month; zero: free

    friend bool operator==(const CurrencyPrices&, const CurrencyPrices&) = default;
};

/// One version. A moment's price is base × tier × time band, rounded half up once, to a whole micro
/// (of a million tokens, or of an hour).
struct PriceBook {
    std::int64_t version = 0;       ///< given by the store; 0: none yet
    WallTime from;                  ///< in force from this moment
    std::optional<WallTime> until;  ///< then the version before it is in force again
    std::map<Currency, CurrencyPrices> currencies;
    std::map<PrivacyClass, std::int32_t> tiers;  ///< factors; a class that is missing: 10 000
    std::vector<TimeBand> bands;                 ///< outside of all: 10 000

    [[nodiscard]] std::int32_t tier_factor(PrivacyClass tier) const;
};

/// Errors: invalid_argument (a price below zero or beyond a million, a factor out of bounds, bands
/// that overlap, nothing that is sold), too_large.
[[nodiscard]] Status check(const PriceBook& book);

/// When a version is in force.
struct Validity {
    std::int64_t version = 0;
    WallTime from;
    std::optional<WallTime> until;
};

/// May a version of this validity be published at `now` beside the others? A later `from` succeeds
/// a version without end; a version with an end stands for itself and nothing begins inside it.
/// Errors: invalid_argument (in the past, ends before it begins), already_exists (overlaps).
[[nodiscard]] Status check_validity(const Validity& wanted, std::span<const Validity> others,
                                    WallTime now);

/// What one job or request is priced by: kept with it, so that a later version changes nothing.
struct Tariff {
    std::int64_t version = 0;  ///< of the price book; 0: the price that the model was added with
    Currency currency = Currency::cny;
    PrivacyClass tier = PrivacyClass::any;
    std::int32_t tier_factor = whole_factor;
    TokenPrice base;
    std::vector<TimeBand> bands;

    /// The price of what is accepted (a batch's answer) or asked for (an online one) at that time.
    [[nodiscard]] TokenPrice at(WallTime time) const;
    /// The band's name; empty outside of all.
    [[nodiscard]] std::string_view band_name(WallTime time) const;
    /// Over a whole week.
    [[nodiscard]] TokenPrice lowest() const;
    [[nodiscard]] TokenPrice highest() const;
    /// In [from, to].
    [[nodiscard]] TokenPrice lowest_between(WallTime from, WallTime to) const;
    [[nodiscard]] TokenPrice highest_between(WallTime from, WallTime to) const;

    friend bool operator==(const Tariff&, const Tariff&) = default;

private:
    [[nodiscard]] TokenPrice scaled(std::int32_t band_factor) const;
    [[nodiscard]] std::int32_t factor_at(WallTime time) const;
};

/// Nothing when the book has no line for the model in that currency.
[[nodiscard]] std::optional<Tariff> tariff_of(const PriceBook& book, std::string_view model,
                                              Currency currency, PrivacyClass tier);
/// A fixed price at any time and on any tier, of no price book.
[[nodiscard]] Tariff fixed_tariff(TokenPrice price, Currency currency, PrivacyClass tier);

/// What an hour of one such device costs in the band of `at`, by its class ("NVIDIA GeForce RTX
/// 4060"). Nothing when the book does not sell it in that currency.
[[nodiscard]] std::optional<Money> device_hour_price(const PriceBook& book,
                                                     std::string_view device_class,
                                                     Currency currency, PrivacyClass tier,
                                                     WallTime at);

/// A day's part of the price of a GiB and month, for so many bytes, rounded half up to a micro.
[[nodiscard]] Money storage_day_price(Money per_gib_month, std::int64_t bytes,
                                      std::int64_t days_of_month);

}  // namespace gleaner::ledger
