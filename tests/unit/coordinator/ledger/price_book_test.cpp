/// Prices of moments, checked against a model that looks at every minute of a week.

#include "coordinator/ledger/price_book.h"

#include <limits>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "coordinator/ledger/price_book_json.h"
#include "shared/model/civil_day.h"
#include "shared/util/random.h"

using namespace gleaner;
using namespace gleaner::ledger;

namespace {

constexpr std::uint8_t monday = 1;

/// A moment of the week that begins with Monday, 2026-11-30.
WallTime moment(int weekday, int hour, int minute = 0) {
    return start_of_day(*day_of_date("2026-11-30") + weekday) + std::chrono::hours(hour) +
           std::chrono::minutes(minute);
}

TimeBand band(const std::string& name, int from, int to, std::int32_t factor,
              std::uint8_t days = every_day) {
    return {name, from, to, days, factor};
}

PriceBook book_with(std::vector<TimeBand> bands) {
    PriceBook book;
    book.version = 7;
    book.currencies[Currency::cny].models["demo"] = {1'000'000, 3'000'000, 200'000};
    book.currencies[Currency::cny].device_hours["RTX 4060"] = {1'800'000};
    book.tiers[PrivacyClass::certified] = 15'000;
    book.bands = std::move(bands);
    return book;
}

Tariff tariff(const PriceBook& book, PrivacyClass tier = PrivacyClass::any) {
    return tariff_of(book, "demo", Currency::cny, tier).value();
}

std::string refusal(const PriceBook& book) {
    const auto status = check(book);
    return status.has_error() ? status.error().message() : "";
}

Result<PriceBook> read(const std::string& text) {
    return read_price_book(boost::json::parse(text).as_object());
}

std::string read_refusal(const std::string& text) {
    const auto book = read(text);
    return book.has_error() ? book.error().message() : "";
}

}  // namespace

TEST_CASE("a band over midnight belongs to the day on which it begins, in Shanghai") {
    const auto book = book_with({band("night", 23 * 60, 7 * 60, 6'000, monday)});
    REQUIRE(check(book).has_value());
    const auto priced = tariff(book);
    CHECK(priced.at(moment(0, 22, 59)).prompt_micros_per_million == 1'000'000);
    CHECK(priced.at(moment(0, 23)).prompt_micros_per_million == 600'000);
    CHECK(priced.band_name(moment(0, 23)) == "night");
    CHECK(priced.at(moment(1, 6, 59)).prompt_micros_per_million == 600'000);
    CHECK(priced.at(moment(1, 7)).prompt_micros_per_million == 1'000'000);
    CHECK(priced.band_name(moment(1, 7)).empty());
    CHECK(priced.at(moment(1, 23)).prompt_micros_per_million == 1'000'000);
    CHECK(priced.at(moment(0, 6)).prompt_micros_per_million == 1'000'000);
    // 2026-11-30 23:00 in Shanghai is 15:00 in Greenwich.
    CHECK(moment(0, 23).seconds() == 1'796'050'800);
}

TEST_CASE("the last minute of a Sunday's band is in the next week") {
    const auto priced = tariff(book_with({band("sunday", 22 * 60, 2 * 60, 5'000, 1U << 6)}));
    CHECK(priced.band_name(moment(6, 22)) == "sunday");
    CHECK(priced.band_name(moment(7, 1, 59)) == "sunday");
    CHECK(priced.band_name(moment(7, 2)).empty());
    CHECK(priced.band_name(moment(0, 1)) == "sunday");  // of the week before
}

TEST_CASE("a price is base times tier times band, rounded once and half up") {
    auto book = book_with({band("night", 0, 6 * 60, 3'333)});
    book.currencies[Currency::cny].models["demo"] = {1, 3, 10};
    const auto any = tariff(book);
    CHECK(any.at(moment(0, 3)).prompt_micros_per_million == 0);     // 0.3333
    CHECK(any.at(moment(0, 3)).generated_micros_per_million == 1);  // 0.9999
    const auto certified = tariff(book, PrivacyClass::certified);
    CHECK(certified.at(moment(0, 3)).prompt_micros_per_million == 0);    // 0.49995, not 0.5
    CHECK(certified.at(moment(0, 12)).prompt_micros_per_million == 2);   // 1.5
    CHECK(certified.at(moment(0, 3)).cached_micros_per_million() == 5);  // 4.9995
    CHECK(certified.version == 7);
    CHECK(device_hour_price(book, "RTX 4060", Currency::cny, PrivacyClass::certified,
                            moment(0, 12)) == Money{2'700'000});
    CHECK(device_hour_price(book, "RTX 4060", Currency::cny, PrivacyClass::any, moment(0, 3)) ==
          Money{599'940});
    CHECK(!device_hour_price(book, "RTX 4090", Currency::cny, PrivacyClass::any, moment(0, 3)));
    CHECK(!device_hour_price(book, "RTX 4060", Currency::usd, PrivacyClass::any, moment(0, 3)));
}

TEST_CASE("cached prompt tokens cost their own price, and never more of them than the prompt has") {
    const TokenPrice price{1'000'000, 2'000'000, 100'000};
    CHECK(price_of(price, 1'000, 0, 0) == Money{1'000});
    CHECK(price_of(price, 1'000, 0, 600) == Money{460});
    CHECK(price_of(price, 1'000, 10, 5'000) == Money{120});
    CHECK(price_of(price, 1'000, 0, -5) == Money{1'000});
    CHECK(price_of({1'000'000, 0}, 1'000, 0, 600) == Money{1'000});
}

TEST_CASE("the largest prices and counts saturate and do not overflow") {
    auto book = book_with({band("peak", 0, 1440, factor_max)});
    book.currencies[Currency::cny].models["demo"] = {1'000'000'000'000, 1'000'000'000'000};
    book.currencies[Currency::cny].device_hours["RTX 4060"] = {1'000'000'000'000};
    book.tiers[PrivacyClass::any] = factor_max;
    REQUIRE(check(book).has_value());
    const auto price = tariff(book).at(moment(0, 1));
    CHECK(price.prompt_micros_per_million == 100'000'000'000'000);
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(price_of(price, most, most, most) == Money{most / 4});
    CHECK(device_hour_price(book, "RTX 4060", Currency::cny, PrivacyClass::any, moment(0, 1)) ==
          Money{100'000'000'000'000});
    CHECK(storage_day_price({1'000'000'000'000}, most, 28) == Money{most / 4});
}

TEST_CASE("a day of storage is its part of the month, rounded half up") {
    constexpr std::int64_t gib = 1 << 30;
    CHECK(storage_day_price({3'100'000}, gib, 31) == Money{100'000});
    CHECK(storage_day_price({3'100'000}, gib / 2, 31) == Money{50'000});
    CHECK(storage_day_price({30}, gib, 60) == Money{1});
    CHECK(storage_day_price({29}, gib, 60) == Money{0});
    CHECK(storage_day_price({3'100'000}, 0, 31) == Money{0});
}

TEST_CASE("what a price book may not say is refused with a sentence") {
    auto book = book_with({});
    book.currencies[Currency::cny].models["demo"].generated_micros_per_million = -1;
    CHECK(refusal(book) == "CNY, model demo: a price is not negative");
    book = book_with({});
    book.currencies[Currency::cny].models["demo"].cached_prompt_micros_per_million = -1;
    CHECK(refusal(book) == "CNY, model demo: a price is not negative");
    book = book_with({});
    book.currencies[Currency::cny].models["demo"].cached_prompt_micros_per_million = 1'000'001;
    CHECK(refusal(book) == "CNY, model demo: a cached prompt token costs no more than another one");
    book = book_with({});
    book.currencies[Currency::cny].device_hours["RTX 4060"] = {1'000'000'000'001};
    CHECK(refusal(book) == "CNY, device class RTX 4060: a price is at most 1000000");
    book = book_with({});
    book.tiers[PrivacyClass::own] = factor_max + 1;
    CHECK(refusal(book) == "tier own: its factor is 0 to 10, with four decimals");
    CHECK(refusal(PriceBook{}) ==
          "the price book is empty: it names no model, device class or storage price");
    CHECK(refusal(book_with({band("a", 0, 120, 1), band("b", 119, 240, 1)})) ==
          "time band \"b\": it overlaps the time band \"a\": a moment lies in one band at most");
    CHECK(!refusal(book_with({band("a", 600, 600, 1)})).empty());
    CHECK(!refusal(book_with({band("a", 0, 1441, 1)})).empty());
    CHECK(!refusal(book_with({band("a", 0, 60, -1)})).empty());
    CHECK(!refusal(book_with({band("a", 0, 60, 1, 0)})).empty());
    CHECK(!refusal(book_with({band("", 0, 60, 1)})).empty());
}

TEST_CASE("the rest of a night overlaps the morning of the next day") {
    CHECK(!refusal(book_with({band("night", 23 * 60, 7 * 60, 1, monday),
                              band("early", 6 * 60, 8 * 60, 1, monday << 1U)}))
               .empty());
    CHECK(refusal(book_with({band("night", 23 * 60, 7 * 60, 1, monday),
                             band("early", 6 * 60, 8 * 60, 1, monday)}))
              .empty());
    CHECK(!refusal(book_with({band("sunday night", 23 * 60, 7 * 60, 1, 1U << 6),
                              band("early", 6 * 60, 8 * 60, 1, monday)}))
               .empty());
}

TEST_CASE("versions: a later one succeeds one without end; one with an end stands for itself") {
    const WallTime now = moment(0, 0);
    const std::vector<Validity> kept{{1, moment(0, 0) - 24h, std::nullopt},
                                     {2, moment(2, 0), moment(3, 0)}};
    const auto may = [&](WallTime from, std::optional<WallTime> until = std::nullopt) {
        return check_validity({0, from, until}, kept, now);
    };
    CHECK(may(now).has_value());
    CHECK(may(moment(1, 0), moment(2, 0)).has_value());
    CHECK(may(moment(3, 0)).has_value());
    CHECK(may(moment(1, 0)).has_value());  // without end: version 2 succeeds it
    CHECK(may(now - 1s).error().code() == ErrorCode::invalid_argument);
    CHECK(may(moment(1, 0), moment(1, 0)).error().code() == ErrorCode::invalid_argument);
    CHECK(may(moment(2, 0)).error().code() == ErrorCode::already_exists);
    CHECK(may(moment(2, 12)).error().code() == ErrorCode::already_exists);
    CHECK(may(moment(1, 0), moment(2, 1)).error().code() == ErrorCode::already_exists);
    CHECK(may(moment(1, 0), moment(2, 1)).error().message().find("version 2") != std::string::npos);
}

TEST_CASE("prices of every minute agree with a model that looks at each band by itself") {
    Random random(20'261'130);
    for (int round = 0; round < 40; ++round) {
        PriceBook book = book_with({});
        for (int tries = 0; tries < 8; ++tries) {
            auto more = book;
            more.bands.push_back(band("b" + std::to_string(tries),
                                      static_cast<int>(random.below(1440)),
                                      static_cast<int>(random.below(1440)) + 1,
                                      static_cast<std::int32_t>(random.below(factor_max + 1)),
                                      static_cast<std::uint8_t>(random.below(127) + 1)));
            if (check(more).has_value()) book = std::move(more);
        }
        const auto priced = tariff(book);
        std::vector<std::int32_t> factor(7 * 1440, whole_factor);
        for (const auto& b : book.bands) {
            for (int day = 0; day < 7; ++day) {
                if (((b.weekdays >> day) & 1) == 0) continue;
                int minute = day * 1440 + b.from_minute;
                const int length = (b.to_minute - b.from_minute + 1439) % 1440 + 1;
                for (int i = 0; i < length; ++i)
                    factor[static_cast<std::size_t>((minute + i) % (7 * 1440))] = b.factor;
            }
        }
        std::int32_t least = factor_max;
        std::int32_t most = 0;
        for (int minute = 0; minute < 7 * 1440; ++minute) {
            const auto f = factor[static_cast<std::size_t>(minute)];
            least = std::min(least, f);
            most = std::max(most, f);
            const auto at = moment(0, 0, minute) + 59s;
            REQUIRE(priced.at(at).prompt_micros_per_million == 100LL * f);
        }
        CHECK(priced.lowest().prompt_micros_per_million == 100LL * least);
        CHECK(priced.highest().prompt_micros_per_million == 100LL * most);
        const int from = static_cast<int>(random.below(7 * 1440));
        const int length = static_cast<int>(random.below(3'000));
        least = factor_max;
        most = 0;
        for (int minute = from; minute <= from + length; ++minute) {
            const auto f = factor[static_cast<std::size_t>(minute % (7 * 1440))];
            least = std::min(least, f);
            most = std::max(most, f);
        }
        const auto begin = moment(0, 0, from);
        const auto end = moment(0, 0, from + length);
        CHECK(priced.lowest_between(begin, end).prompt_micros_per_million == 100LL * least);
        CHECK(priced.highest_between(begin, end).prompt_micros_per_million == 100LL * most);
        CHECK(tariff_of_text(to_text(priced)) == priced);
        const auto again = read_price_book(to_json(book));
        REQUIRE(again.has_value());
        CHECK(again.value().currencies == book.currencies);
        CHECK(again.value().bands == book.bands);
        CHECK(again.value().tier_factor(PrivacyClass::certified) == 15'000);
    }
}

TEST_CASE("a price book reads as people write it, and amounts are texts") {
    const auto book = read(R"({
        "tiers": {"certified": "1.2"},
        "bands": [{"name": "night", "from": "23:00", "to": "07:00", "days": ["mon", "sun"],
                   "factor": "0.6"}],
        "currencies": {"CNY": {"storage_per_gib_month": "0.2",
            "models": {"demo": {"prompt": "0.5", "cached_prompt": "0.1", "generated": "2"},
                       "embed": {"prompt": "0.000001"}},
            "device_hours": {"NVIDIA GeForce RTX 4060": "1.8"}}}})");
    REQUIRE(book.has_value());
    const auto& prices = book.value().currencies.at(Currency::cny);
    CHECK(prices.models.at("demo") == TokenPrice{500'000, 2'000'000, 100'000});
    CHECK(prices.models.at("embed") == TokenPrice{1, 0});
    CHECK(prices.storage == Money{200'000});
    CHECK(book.value().bands.front() == TimeBand{"night", 23 * 60, 7 * 60, (1U << 6) | 1U, 6'000});
    CHECK(factor_text(12'000) == "1.2");
    CHECK(factor_text(0) == "0");
    CHECK(short_decimal({100'000'000}) == "100");
}

TEST_CASE("what a price book's text may not say names the member") {
    const auto with = [](const std::string& inside) {
        return R"({"currencies": {"CNY": {"models": {"demo": )" + inside + "}}}}";
    };
    CHECK(read_refusal(with(R"({"prompt": "-1", "generated": "1"})")) ==
          "currencies.CNY.models.demo.prompt: a price is not negative");
    CHECK(read_refusal(with(R"({"prompt": 0.5})")) ==
          "currencies.CNY.models.demo.prompt: write an amount in quotes, with at most six "
          "decimals: \"0.5\"");
    CHECK(!read_refusal(with(R"({"prompt": "0.1234567"})")).empty());
    CHECK(!read_refusal(with(R"({"generated": "1"})")).empty());
    CHECK(read_refusal(with(R"({"prompt": "1", "promt": "1"})")) ==
          "currencies.CNY.models.demo: unknown member \"promt\"");
    CHECK(read_refusal(R"({"currencies": {"GBP": {}}})") ==
          "currencies: there is no currency \"GBP\" here: CNY, USD, EUR, HKD, SGD");
    CHECK(!read_refusal(R"({"currencies": {"CNY": {}}})").empty());
    CHECK(!read_refusal(R"({"tiers": {"vip": "1"}})").empty());
    CHECK(!read_refusal(R"({"tiers": {"own": "10.1"}})").empty());
    CHECK(!read_refusal(R"({"tiers": {"own": "0.00001"}})").empty());
    for (const char* bad : {R"({"name": "n", "from": "23:60", "to": "07:00", "factor": "1"})",
                            R"({"name": "n", "from": "24:01", "to": "07:00", "factor": "1"})",
                            R"({"name": "n", "from": "7:00", "to": "08:00", "factor": "1"})",
                            R"({"name": "n", "from": "07:00", "to": "08:00"})",
                            R"({"name": "n", "from": "07:00", "to": "08:00", "days": ["day"],
                                "factor": "1"})"})
        CHECK_MESSAGE(!read_refusal(std::string(R"({"bands": [)") + bad + "]}").empty(), bad);
}

TEST_CASE("a tariff's text that was tampered with is no tariff") {
    CHECK(!tariff_of_text(""));
    CHECK(!tariff_of_text("{}"));
    CHECK(
        !tariff_of_text(R"({"currency":"CNY","tier":"any","prompt":1,"generated":1,"bands":[1]})"));
    CHECK(
        !tariff_of_text(R"({"currency":"XXX","tier":"any","prompt":1,"generated":1,"bands":[]})"));
    const auto fixed = fixed_tariff({5, 6}, Currency::usd, PrivacyClass::own);
    CHECK(tariff_of_text(to_text(fixed)) == fixed);
    CHECK(fixed.at(moment(3, 3)) == TokenPrice{5, 6});
    CHECK(fixed.lowest() == fixed.highest());
}

TEST_CASE("amounts as people write them") {
    CHECK(parse_decimal("12.5") == Money{12'500'000});
    CHECK(parse_decimal("-0.000001") == Money{-1});
    CHECK(parse_decimal("1000000000") == Money{1'000'000'000'000'000});
    for (const char* bad : {"", ".", ".5", "5.", "1e3", "1,5", "--1", "1.1234567", " 1",
                            "1000000000.000001", "99999999999"})
        CHECK_MESSAGE(!parse_decimal(bad), bad);
}
