#include "coordinator/api/openai/contract_json.h"

#include <boost/json.hpp>

#include "coordinator/api/openai/contract_words.h"
#include "coordinator/ledger/price_book_json.h"
#include "shared/model/civil_day.h"

namespace gleaner::api {

namespace json = boost::json;
using ledger::short_decimal;
using store::ContractChoices;
using store::ContractState;
using store::CustomerContract;

namespace {

std::string_view state_text(ContractState state) {
    switch (state) {
        case ContractState::offered:
            return "offered";
        case ContractState::expired:
            return "expired";
        case ContractState::signed_:
            return "signed";
        case ContractState::ended:
            return "ended";
    }
    return "";
}

json::value seconds_or_null(const std::optional<WallTime>& time) {
    return time ? json::value(time->seconds()) : json::value(nullptr);
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value reserve_json(const std::optional<store::ReservedDevices>& reserved) {
    if (!reserved) return nullptr;
    return json::object{{"device_class", reserved->device_class},
                        {"devices", reserved->devices},
                        {"privacy", to_string(reserved->privacy)}};
}

json::array prices_json(const CustomerContract& contract) {
    json::array list;
    for (const auto& price : contract.prices) {
        json::object shown{{"from", price.from.seconds()},
                           {"price_book", price.hour.version},
                           {"monthly", short_decimal(price.monthly)},
                           {"fee", short_decimal(price.fee)}};
        if (contract.wish.reserved) {
            shown["hour"] = short_decimal(hour_outside_bands(price.hour));
            auto bands = ledger::to_json(price.hour.bands);
            for (std::size_t i = 0; i < bands.size(); ++i)
                bands[i].get_object()["hour"] =
                    short_decimal(hour_in(price.hour, price.hour.bands[i]));
            shown["bands"] = std::move(bands);
        }
        list.push_back(std::move(shown));
    }
    return list;
}

json::object repricing_json(const ledger::RepriceOffer& offer) {
    return {{"open", offer.open},
            {"monthly_before", short_decimal(offer.monthly_before)},
            {"monthly_after", short_decimal(offer.monthly_after)},
            {"saved", short_decimal(offer.saved)},
            {"fee", short_decimal(offer.fee)}};
}

json::object termination_json(const ledger::Termination& settled) {
    return {{"penalty", short_decimal(settled.penalty)},
            {"from_deposit", short_decimal(settled.from_deposit)},
            {"from_credit", short_decimal(settled.from_credit)},
            {"deposit_returned", short_decimal(settled.deposit_returned)}};
}

json::array promise_json() {
    json::array steps;
    for (const auto& step : ledger::credit_steps)
        steps.push_back({{"below", step.below}, {"credit", step.credit}});
    return steps;
}

json::object availability_json(const store::AvailabilityReport& report, Month month) {
    return {{"month", month_text(month)},
            {"availability", ledger::availability(report.delivered)},
            {"promised_seconds", report.delivered.promised_micros / 1'000'000},
            {"delivered_seconds", report.delivered.delivered_micros / 1'000'000},
            {"charged", short_decimal(report.charged)},
            {"credit", short_decimal(report.credit)},
            {"credited", report.credited}};
}

json::array sentences(const std::vector<std::string>& said) {
    json::array list;
    for (const auto& sentence : said) list.emplace_back(sentence);
    return list;
}

}  // namespace

json::object contract_line(const CustomerContract& contract, WallTime now) {
    const auto& wish = contract.wish;
    const auto& terms = contract.terms;
    json::object shown{{"id", contract.id},
                       {"object", "contract"},
                       {"kind", wish.reserved ? "reservation" : "commitment"},
                       {"state", state_text(contract.state(now))},
                       {"in_force", contract.in_force(now)},
                       {"customer", contract.customer.get()},
                       {"project", wish.project.get()},
                       {"currency", code_of(contract.currency)},
                       {"reserve", reserve_json(wish.reserved)},
                       {"from", wish.from.seconds()},
                       {"to", seconds_or_null(wish.to)},
                       {"months", wish.months},
                       {"renews", wish.renews}};
    shown["monthly"] = wish.months > 0 ? json::value(short_decimal(contract.prices.back().monthly))
                                       : json::value(nullptr);
    shown["total"] =
        wish.months > 0 ? json::value(nullptr) : json::value(short_decimal(terms.monthly));
    shown["prices"] = prices_json(contract);
    shown["deposit"] = short_decimal(terms.deposit);
    shown["deposit_held"] = short_decimal(contract.deposit_held);
    shown["reprice_threshold"] = terms.reprice_threshold;
    shown["reprice_fee"] = terms.reprice_fee;
    shown["termination_penalty"] = terms.termination_penalty;
    shown["offered_at"] = contract.offered.seconds();
    shown["offered_by"] = contract.offered_by;
    shown["valid_until"] = contract.valid_until.seconds();
    shown["signed_at"] = seconds_or_null(contract.signed_at);
    shown["signed_by"] = text_or_null(contract.signed_by);
    shown["ends_at"] = seconds_or_null(contract.ends);
    shown["end_reason"] = text_or_null(contract.end_reason);
    return shown;
}

json::object contract_list(const std::vector<CustomerContract>& contracts, WallTime now) {
    json::array data;
    for (const auto& contract : contracts) data.push_back(contract_line(contract, now));
    return {{"object", "list"}, {"data", std::move(data)}};
}

Result<json::object> contract_json(store::Store& store, const CustomerContract& contract,
                                   WallTime now) {
    store::CustomerContracts contracts(store);
    auto shown = contract_line(contract, now);
    const auto state = contract.state(now);
    std::optional<ContractChoices> choices;
    if (state == ContractState::offered || state == ContractState::signed_) {
        GLEANER_TRY(choices, contracts.choices(contract.id));
    }
    shown["reprice"] = choices && contract.wish.months > 0
                           ? json::value(repricing_json(choices->reprice))
                           : json::value(nullptr);
    shown["terminate"] =
        choices ? json::value(termination_json(choices->terminate)) : json::value(nullptr);
    shown["availability_promise"] =
        contract.wish.reserved ? json::value(promise_json()) : json::value(nullptr);
    shown["availability"] = nullptr;
    if (contract.wish.reserved && contract.signed_at) {
        const Month month = month_of(day_of(now));
        GLEANER_TRY(const auto report, contracts.availability(contract.id, month));
        shown["availability"] = availability_json(report, month);
    }
    shown["terms"] = {{"en", sentences(contract_in_english(contract, choices))},
                      {"zh", sentences(contract_in_chinese(contract, choices))}};
    return shown;
}

bool may_see(const store::Principal& who, const CustomerContract& contract) {
    if (who.kind == store::PrincipalKind::operator_) return true;
    if (who.kind != store::PrincipalKind::project || who.customer != contract.customer)
        return false;
    return who.scopes.has(store::Scope::admin) || contract.wish.project.get() == who.subject;
}

}  // namespace gleaner::api
