#include "coordinator/ledger/job_terms.h"

#include <algorithm>
#include <limits>

#include <boost/json.hpp>

#include "coordinator/ledger/price_book_json.h"

namespace gleaner::ledger {

namespace json = boost::json;

namespace {

std::int64_t part_of(std::int64_t tokens, std::int64_t items_left, std::int64_t items) {
    __extension__ using Wide = __int128;
    if (items <= 0) return tokens;
    return static_cast<std::int64_t>(static_cast<Wide>(tokens) * items_left / items);
}

Money rest_at(const JobTerms& terms, const JobStanding& standing, WallTime at) {
    return price_of(terms.tariff.at(at),
                    part_of(terms.expected_prompt_tokens, standing.items_left, standing.items),
                    part_of(terms.expected_generated_tokens, standing.items_left, standing.items));
}

std::optional<std::int64_t> integer(const json::object& members, std::string_view key) {
    const auto* value = members.if_contains(key);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return value->get_int64();
}

}  // namespace

std::string to_text(const JobTerms& terms) {
    json::object text{{"tariff", to_text(terms.tariff)},
                      {"item_price_max", terms.item_price_max.micros},
                      {"expected_prompt_tokens", terms.expected_prompt_tokens},
                      {"expected_generated_tokens", terms.expected_generated_tokens}};
    if (terms.max_price) text["max_price"] = terms.max_price->micros;
    json::array warnings;
    for (const auto& warning : terms.warnings) warnings.emplace_back(warning);
    text["warnings"] = std::move(warnings);
    if (!terms.reservation.empty()) text["reservation"] = terms.reservation;
    return json::serialize(text);
}

std::optional<JobTerms> job_terms_of_text(std::string_view text) {
    json::error_code problem;
    const auto parsed = json::parse(json::string_view(text.data(), text.size()), problem);
    if (problem || !parsed.is_object()) return std::nullopt;
    const auto& members = parsed.get_object();
    const auto* tariff_text = members.if_contains("tariff");
    if (tariff_text == nullptr || !tariff_text->is_string()) return std::nullopt;
    const auto& kept = tariff_text->get_string();
    const auto tariff = tariff_of_text(std::string_view(kept.data(), kept.size()));
    if (!tariff) return std::nullopt;
    JobTerms terms;
    terms.tariff = *tariff;
    if (const auto most = integer(members, "max_price")) terms.max_price = Money{*most};
    terms.item_price_max = {integer(members, "item_price_max").value_or(0)};
    terms.expected_prompt_tokens = integer(members, "expected_prompt_tokens").value_or(0);
    terms.expected_generated_tokens = integer(members, "expected_generated_tokens").value_or(0);
    if (const auto* reservation = members.if_contains("reservation");
        reservation != nullptr && reservation->is_string()) {
        const auto& id = reservation->get_string();
        terms.reservation.assign(id.data(), id.size());
    }
    const auto* warnings = members.if_contains("warnings");
    if (warnings != nullptr && warnings->is_array()) {
        for (const auto& warning : warnings->get_array())
            if (warning.is_string()) terms.warnings.emplace_back(warning.get_string());
    }
    return terms;
}

PriceOutlook price_outlook(const JobTerms& terms, const JobStanding& standing) {
    PriceOutlook outlook;
    outlook.now = rest_at(terms, standing, standing.now);
    if (!terms.limited() || outlook.now <= standing.left) return outlook;
    outlook.then = outlook.now;
    const auto changes =
        band_changes(terms.tariff.bands, standing.now, standing.deadline - standing.needed);
    for (const WallTime change : changes) {
        const Money cost = rest_at(terms, standing, change);
        if (cost >= outlook.then) continue;
        outlook.wait_until = change;
        outlook.then = cost;
        outlook.band = terms.tariff.band_name(change);
        if (cost <= standing.left) break;
    }
    return outlook;
}

std::uint32_t items_at_once(const JobTerms& terms, Money left) {
    constexpr auto unlimited = std::numeric_limits<std::uint32_t>::max();
    if (!terms.limited()) return unlimited;
    if (left <= Money{}) return 0;
    return static_cast<std::uint32_t>(
        std::min<std::int64_t>(left.micros / terms.item_price_max.micros, unlimited));
}

}  // namespace gleaner::ledger
