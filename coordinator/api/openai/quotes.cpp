/// POST /v1/quotes: what a batch would cost and when it would be done. Nothing is admitted or held.

#include <algorithm>

#include <boost/json.hpp>

#include "coordinator/api/openai/batch_plan.h"
#include "coordinator/api/openai/objects.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/ledger/price_book_json.h"
#include "shared/util/random.h"

namespace gleaner::api {

namespace json = boost::json;

namespace {

/// What is known of the grid is old by then.
constexpr Duration valid_for = std::chrono::minutes(15);

json::object price_json(const TokenPrice& price) {
    return {{"prompt", to_decimal({price.prompt_micros_per_million})},
            {"cached_prompt", to_decimal({price.cached_micros_per_million()})},
            {"generated", to_decimal({price.generated_micros_per_million})}};
}

/// The bands with their prices, and what holds outside of them.
json::object tariff_json(const ledger::Tariff& tariff, WallTime now) {
    json::object shown{
        {"price_book", tariff.version == 0 ? json::value(nullptr) : json::value(tariff.version)},
        {"tier", to_string(tariff.tier)},
        {"per_million_tokens", price_json(tariff.at(now))}};
    const auto band = tariff.band_name(now);
    shown["time_band"] = band.empty() ? json::value(nullptr) : json::value(band);
    auto bands = ledger::to_json(tariff.bands);
    for (std::size_t i = 0; i < bands.size(); ++i) {
        auto one = tariff;
        one.bands = {tariff.bands[i]};
        bands[i].get_object()["per_million_tokens"] = price_json(
            tariff.bands[i].factor <= ledger::whole_factor ? one.lowest() : one.highest());
    }
    shown["bands"] = std::move(bands);
    shown["priced_by"] = "the moment at which an answer is accepted, in Shanghai's time";
    return shown;
}

json::value times_json(const BatchPlan& plan, bool finish) {
    if (!plan.forecast.possible()) return nullptr;
    const auto earliest = finish ? plan.finish_earliest() : plan.start_earliest();
    const auto latest = finish ? plan.finish_latest() : plan.start_latest();
    return json::object{{"earliest", earliest.seconds()}, {"latest", latest.seconds()}};
}

json::array refusals_json(const BatchPlan& plan) {
    constexpr std::size_t shown_max = 20;
    json::array list;
    for (const auto& refused : plan.check.refused) {
        if (list.size() >= shown_max) break;
        list.push_back({{"request", refused.index}, {"message", refused.error.message()}});
    }
    return list;
}

json::object quote_object(const BatchPlan& plan, const BatchRequest& batch) {
    const auto& estimate = *plan.check.estimate;
    auto valid_until = plan.now + valid_for;
    if (plan.prices_change) valid_until = std::min(valid_until, *plan.prices_change);
    json::object quote{
        {"id", random_token("quote_", 20)},
        {"object", "quote"},
        {"endpoint", openai::path_of(batch.endpoint)},
        {"model", plan.check.model.name},
        {"input_file_id", batch.input.get()},
        {"requests", plan.check.lines},
        {"refused_requests", plan.check.refused.size()},
        {"refusals", refusals_json(plan)},
        {"privacy", to_string(batch.privacy)},
        {"reservation", batch.reservation ? json::value(*batch.reservation) : json::value(nullptr)},
        {"replicas", batch.replicas}};
    quote["currency"] = code_of(plan.terms.tariff.currency);
    quote["price"] = {{"lowest", to_decimal(estimate.lowest())},
                      {"expected", to_decimal(plan.expected())},
                      {"highest", to_decimal(plan.hold)},
                      {"one_request_highest", to_decimal(estimate.highest_of_one())}};
    quote["tokens"] = {{"expected_prompt", estimate.expected_tokens().prompt},
                       {"expected_generated", estimate.expected_tokens().generated},
                       {"most_prompt", estimate.most_tokens().prompt},
                       {"most_generated", estimate.most_tokens().generated}};
    quote["tariff"] = tariff_json(plan.terms.tariff, plan.now);
    quote["max_price"] =
        batch.max_price ? json::value(to_decimal(*batch.max_price)) : json::value(nullptr);
    quote["devices"] = {{"ready", plan.forecast.nodes_ready}, {"able", plan.forecast.nodes_able}};
    quote["start"] = times_json(plan, false);
    quote["finish"] = times_json(plan, true);
    quote["completion_window"] = window_text(batch.window);
    quote["deadline"] = plan.deadline.seconds();
    quote["deadline_met"] = plan.meets_deadline();
    json::array warnings;
    for (const auto& warning : plan.terms.warnings) warnings.emplace_back(warning);
    quote["warnings"] = std::move(warnings);
    quote["created_at"] = plan.now.seconds();
    quote["valid_until"] = valid_until.seconds();
    return quote;
}

ApiError faulty(const BatchPlan& plan) {
    if (plan.check.faults.empty())
        return openai::invalid_request("The input file has no request that could be priced.",
                                       "input_file_id");
    const auto& first = plan.check.faults.front();
    const std::string where =
        first.line == 0 ? std::string() : "Line " + std::to_string(first.line) + ": ";
    return {400, "invalid_request_error", std::string(first.error.code()),
            where + std::string(first.error.message())};
}

}  // namespace

Handled create_quote(const Services& services, Request& request, Reply& reply) {
    const auto body = co_await request.read_all();
    if (body.has_error()) co_return body.error();
    auto batch = read_batch_request(body.value(), request);
    if (batch.has_error()) co_return batch.error();
    const auto placed = co_await place_batch(services, *request.caller, batch.value());
    if (placed.has_error()) co_return placed.error();
    const auto plan = co_await plan_batch(services, *request.caller, batch.value());
    if (plan.has_error()) co_return plan.error();
    if (!plan.value().check.faults.empty() || !plan.value().check.estimate)
        co_return faulty(plan.value());
    const auto agreed = accepts(plan.value(), batch.value());
    if (agreed.has_error()) co_return agreed.error();
    const auto quote = json::serialize(quote_object(plan.value(), batch.value()));
    (void)co_await reply.send_json(200, quote);
    co_return api_ok();
}

}  // namespace gleaner::api
