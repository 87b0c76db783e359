#include "coordinator/ledger/price_book_json.h"

#include <array>
#include <initializer_list>

#include <boost/json.hpp>

namespace gleaner::ledger {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu",
                                                    "fri", "sat", "sun"};
constexpr std::array all_tiers{PrivacyClass::any, PrivacyClass::certified, PrivacyClass::own};

Error wrong(const std::string& where, const std::string& why) {
    return {ErrorCode::invalid_argument, where + ": " + why};
}

Status only(const json::object& members, const std::string& where,
            std::initializer_list<std::string_view> known) {
    for (const auto& member : members) {
        const std::string_view key = member.key();
        bool is_known = false;
        for (const auto& name : known) is_known = is_known || name == key;
        if (!is_known) return wrong(where, "unknown member \"" + std::string(key) + "\"");
    }
    return ok();
}

Result<const json::object*> object_at(const json::value& value, const std::string& where) {
    if (const auto* object = value.if_object()) return object;
    return wrong(where, "must be a table");
}

Result<Money> amount_at(const json::value& value, const std::string& where) {
    const auto* text = value.if_string();
    const auto amount = text == nullptr
                            ? std::nullopt
                            : parse_decimal(std::string_view(text->data(), text->size()));
    if (!amount)
        return wrong(where, "write an amount in quotes, with at most six decimals: \"0.5\"");
    if (*amount < Money{}) return wrong(where, "a price is not negative");
    return *amount;
}

Result<std::int32_t> factor_at(const json::value& value, const std::string& where) {
    const auto* text = value.if_string();
    const auto factor = text == nullptr
                            ? std::nullopt
                            : parse_decimal(std::string_view(text->data(), text->size()));
    constexpr std::int64_t micros_of_point = 100;
    const bool good = factor && factor->micros >= 0 && factor->micros % micros_of_point == 0 &&
                      factor->micros / micros_of_point <= factor_max;
    if (!good)
        return wrong(where,
                     "write a factor of 0 to 10 in quotes, with at most four decimals: "
                     "\"0.6\"");
    return static_cast<std::int32_t>(factor->micros / micros_of_point);
}

/// "07:30"; "24:00" ends a day.
Result<std::int32_t> minute_at(const json::value* value, const std::string& where) {
    const auto* text = value == nullptr ? nullptr : value->if_string();
    const auto digit = [&](std::size_t at) { return (*text)[at] >= '0' && (*text)[at] <= '9'; };
    const auto number = [&](std::size_t at) {
        return ((*text)[at] - '0') * 10 + ((*text)[at + 1] - '0');
    };
    const bool shaped = text != nullptr && text->size() == 5 && digit(0) && digit(1) &&
                        (*text)[2] == ':' && digit(3) && digit(4);
    if (!shaped || number(3) > 59 || number(0) * 60 + number(3) > 1440)
        return wrong(where, "write a time of day in Shanghai in quotes: \"23:00\"");
    return number(0) * 60 + number(3);
}

Result<std::uint8_t> days_at(const json::value& value, const std::string& where) {
    const auto* list = value.if_array();
    std::uint8_t days = 0;
    bool good = list != nullptr;
    for (std::size_t i = 0; good && i < list->size(); ++i) {
        const auto* name = (*list)[i].if_string();
        good = false;
        for (std::size_t day = 0; name != nullptr && day < day_names.size(); ++day) {
            if (std::string_view(*name) != day_names[day]) continue;
            days = static_cast<std::uint8_t>(days | (1U << day));
            good = true;
        }
    }
    if (good) return days;
    return wrong(where,
                 "write days as [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", "
                 "\"sun\"]");
}

Result<TimeBand> read_band(const json::value& value, const std::string& where) {
    GLEANER_TRY(const auto* members, object_at(value, where));
    GLEANER_TRY(only(*members, where, {"name", "from", "to", "days", "factor"}));
    TimeBand band;
    if (const auto* name = members->if_contains("name"); name != nullptr && name->is_string())
        band.name = std::string(name->get_string());
    GLEANER_TRY(band.from_minute, minute_at(members->if_contains("from"), where + ".from"));
    GLEANER_TRY(band.to_minute, minute_at(members->if_contains("to"), where + ".to"));
    if (const auto* days = members->if_contains("days")) {
        GLEANER_TRY(band.weekdays, days_at(*days, where + ".days"));
    }
    const auto* factor = members->if_contains("factor");
    if (factor == nullptr) return wrong(where, "a time band has a factor: \"0.6\"");
    GLEANER_TRY(band.factor, factor_at(*factor, where + ".factor"));
    return band;
}

Result<TokenPrice> read_model(const json::value& value, const std::string& where) {
    GLEANER_TRY(const auto* members, object_at(value, where));
    GLEANER_TRY(only(*members, where, {"prompt", "cached_prompt", "generated"}));
    TokenPrice price;
    const auto* prompt = members->if_contains("prompt");
    if (prompt == nullptr) return wrong(where, "a model has a price for prompt tokens");
    GLEANER_TRY(const auto prompt_price, amount_at(*prompt, where + ".prompt"));
    price.prompt_micros_per_million = prompt_price.micros;
    if (const auto* cached = members->if_contains("cached_prompt")) {
        GLEANER_TRY(const auto cached_price, amount_at(*cached, where + ".cached_prompt"));
        price.cached_prompt_micros_per_million = cached_price.micros;
    }
    // An embedding model generates nothing.
    if (const auto* generated = members->if_contains("generated")) {
        GLEANER_TRY(const auto generated_price, amount_at(*generated, where + ".generated"));
        price.generated_micros_per_million = generated_price.micros;
    }
    return price;
}

Result<CurrencyPrices> read_currency(const json::value& value, const std::string& where) {
    GLEANER_TRY(const auto* members, object_at(value, where));
    GLEANER_TRY(only(*members, where, {"storage_per_gib_month", "models", "device_hours"}));
    CurrencyPrices prices;
    if (const auto* storage = members->if_contains("storage_per_gib_month")) {
        GLEANER_TRY(prices.storage, amount_at(*storage, where + ".storage_per_gib_month"));
    }
    if (const auto* models = members->if_contains("models")) {
        GLEANER_TRY(const auto* lines, object_at(*models, where + ".models"));
        for (const auto& line : *lines) {
            const std::string name(line.key());
            GLEANER_TRY(const auto price, read_model(line.value(), where + ".models." + name));
            prices.models.emplace(name, price);
        }
    }
    if (const auto* hours = members->if_contains("device_hours")) {
        GLEANER_TRY(const auto* lines, object_at(*hours, where + ".device_hours"));
        for (const auto& line : *lines) {
            const std::string name(line.key());
            GLEANER_TRY(const auto price, amount_at(line.value(), where + ".device_hours." + name));
            prices.device_hours.emplace(name, price);
        }
    }
    return prices;
}

Status read_tiers(const json::value& value, PriceBook& book) {
    GLEANER_TRY(const auto* members, object_at(value, "tiers"));
    for (const auto& member : *members) {
        const std::string name(member.key());
        const auto tier = parse_privacy(name);
        if (!tier) return wrong("tiers", "there is no tier \"" + name + "\": any, certified, own");
        GLEANER_TRY(book.tiers[*tier], factor_at(member.value(), "tiers." + name));
    }
    return ok();
}

std::string minute_text(std::int32_t minute) {
    const auto two = [](std::int32_t n) {
        return std::string(n < 10 ? "0" : "") + std::to_string(n);
    };
    return two(minute / 60) + ":" + two(minute % 60);
}

json::object model_json(const TokenPrice& price) {
    json::object line{{"prompt", short_decimal({price.prompt_micros_per_million})}};
    if (price.cached_prompt_micros_per_million)
        line["cached_prompt"] = short_decimal({*price.cached_prompt_micros_per_million});
    line["generated"] = short_decimal({price.generated_micros_per_million});
    return line;
}

std::optional<std::int64_t> integer(const json::object& members, std::string_view key) {
    const auto* value = members.if_contains(key);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return value->get_int64();
}

}  // namespace

std::string short_decimal(Money amount) {
    std::string text = to_decimal(amount);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

std::string factor_text(std::int32_t factor) {
    return short_decimal({static_cast<std::int64_t>(factor) * 100});
}

Result<PriceBook> read_price_book(const json::object& members) {
    GLEANER_TRY(only(members, "price book", {"tiers", "bands", "currencies"}));
    PriceBook book;
    if (const auto* tiers = members.if_contains("tiers")) {
        GLEANER_TRY(read_tiers(*tiers, book));
    }
    if (const auto* bands = members.if_contains("bands")) {
        if (!bands->is_array()) return wrong("bands", "must be a list of tables");
        for (const auto& band : bands->get_array()) {
            const std::string where = "bands[" + std::to_string(book.bands.size()) + "]";
            GLEANER_TRY(auto read, read_band(band, where));
            book.bands.push_back(std::move(read));
        }
    }
    if (const auto* currencies = members.if_contains("currencies")) {
        GLEANER_TRY(const auto* lines, object_at(*currencies, "currencies"));
        for (const auto& line : *lines) {
            const std::string code(line.key());
            const auto currency = parse_currency(code);
            if (!currency)
                return wrong("currencies",
                             "there is no currency \"" + code + "\" here: CNY, USD, EUR, HKD, SGD");
            GLEANER_TRY(auto prices, read_currency(line.value(), "currencies." + code));
            book.currencies.emplace(*currency, std::move(prices));
        }
    }
    GLEANER_TRY(check(book));
    return book;
}

json::array to_json(const std::vector<TimeBand>& bands) {
    json::array list;
    for (const auto& band : bands) {
        json::array days;
        for (std::size_t day = 0; day < day_names.size(); ++day)
            if (((band.weekdays >> day) & 1) != 0) days.emplace_back(day_names[day]);
        list.push_back({{"name", band.name},
                        {"from", minute_text(band.from_minute)},
                        {"to", minute_text(band.to_minute)},
                        {"days", std::move(days)},
                        {"factor", factor_text(band.factor)}});
    }
    return list;
}

json::object to_json(const PriceBook& book) {
    json::object tiers;
    for (const auto tier : all_tiers) tiers[to_string(tier)] = factor_text(book.tier_factor(tier));
    json::object currencies;
    for (const auto& [currency, prices] : book.currencies) {
        json::object models;
        for (const auto& [name, price] : prices.models) models[name] = model_json(price);
        json::object hours;
        for (const auto& [name, price] : prices.device_hours) hours[name] = short_decimal(price);
        currencies[code_of(currency)] = {{"storage_per_gib_month", short_decimal(prices.storage)},
                                         {"models", std::move(models)},
                                         {"device_hours", std::move(hours)}};
    }
    return {{"tiers", std::move(tiers)},
            {"bands", to_json(book.bands)},
            {"currencies", std::move(currencies)}};
}

std::string to_text(const Tariff& tariff) {
    json::object text{{"version", tariff.version},
                      {"currency", code_of(tariff.currency)},
                      {"tier", to_string(tariff.tier)},
                      {"tier_factor", tariff.tier_factor},
                      {"prompt", tariff.base.prompt_micros_per_million},
                      {"generated", tariff.base.generated_micros_per_million}};
    if (tariff.base.cached_prompt_micros_per_million)
        text["cached_prompt"] = *tariff.base.cached_prompt_micros_per_million;
    json::array bands;
    for (const auto& band : tariff.bands) {
        bands.push_back({{"name", band.name},
                         {"from", band.from_minute},
                         {"to", band.to_minute},
                         {"days", band.weekdays},
                         {"factor", band.factor}});
    }
    text["bands"] = std::move(bands);
    return json::serialize(text);
}

std::optional<Tariff> tariff_of_text(std::string_view text) {
    json::error_code problem;
    const auto parsed = json::parse(json::string_view(text.data(), text.size()), problem);
    if (problem || !parsed.is_object()) return std::nullopt;
    const auto& members = parsed.get_object();
    const auto text_of = [&](std::string_view key) {
        const auto* value = members.if_contains(key);
        return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                      : std::string();
    };
    const auto currency = parse_currency(text_of("currency"));
    const auto tier = parse_privacy(text_of("tier"));
    const auto prompt = integer(members, "prompt");
    const auto generated = integer(members, "generated");
    const auto* bands = members.if_contains("bands");
    if (!currency || !tier || !prompt || !generated || bands == nullptr || !bands->is_array())
        return std::nullopt;
    Tariff tariff;
    tariff.version = integer(members, "version").value_or(0);
    tariff.currency = *currency;
    tariff.tier = *tier;
    tariff.tier_factor =
        static_cast<std::int32_t>(integer(members, "tier_factor").value_or(whole_factor));
    tariff.base = {*prompt, *generated, integer(members, "cached_prompt")};
    for (const auto& value : bands->get_array()) {
        if (!value.is_object()) return std::nullopt;
        const auto& band = value.get_object();
        const auto number = [&](std::string_view key) {
            return static_cast<std::int32_t>(integer(band, key).value_or(0));
        };
        const auto* name = band.if_contains("name");
        tariff.bands.push_back(
            {name != nullptr && name->is_string() ? std::string(name->get_string()) : std::string(),
             number("from"), number("to"), static_cast<std::uint8_t>(number("days")),
             number("factor")});
    }
    if (check(tariff.bands).has_error()) return std::nullopt;
    return tariff;
}

}  // namespace gleaner::ledger
