#include "coordinator/api/openai/batch_plan.h"

#include <algorithm>

#include "coordinator/api/openai/reservations.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/async/offload.h"
#include "shared/model/civil_day.h"

namespace gleaner::api {

using openai::invalid_request;

namespace {

constexpr double prompt_token_weight = 0.125;  // as the scheduler counts work

std::string amount(Money money, Currency currency) {
    return to_decimal(money) + " " + std::string(code_of(currency));
}

std::string time_text(WallTime time) {
    return local_time_text(time) + " (Shanghai)";
}

core::ForecastQuestion question_of(const Caller& caller, const BatchRequest& batch,
                                   const BatchCheck& check) {
    core::ForecastQuestion question;
    question.model = check.model.sha256;
    question.privacy = batch.privacy;
    question.own_sites_of = caller.own_sites_of;
    question.reservation = batch.reservation.value_or("");
    question.items = static_cast<std::uint64_t>(check.lines * batch.replicas);
    const auto& tokens = check.estimate->expected_tokens();
    question.tokens_per_item = (static_cast<double>(tokens.generated) +
                                prompt_token_weight * static_cast<double>(tokens.prompt)) /
                               static_cast<double>(std::max<std::uint64_t>(question.items, 1));
    return question;
}

ledger::JobTerms terms_of(const BatchRequest& batch, const BatchCheck& check) {
    ledger::JobTerms terms;
    terms.tariff = check.tariff;
    terms.reservation = batch.reservation.value_or("");
    terms.max_price = batch.max_price;
    terms.expected_prompt_tokens = check.estimate->expected_tokens().prompt;
    terms.expected_generated_tokens = check.estimate->expected_tokens().generated;
    if (batch.max_price && *batch.max_price < check.hold())
        terms.item_price_max = std::max(check.estimate->highest_of_one(), Money{1});
    return terms;
}

ledger::PriceOutlook outlook_of(const BatchPlan& plan) {
    ledger::JobStanding standing;
    standing.left = plan.hold;
    standing.items = plan.check.lines;
    standing.items_left = plan.check.lines;
    standing.now = plan.now;
    standing.deadline = plan.deadline;
    standing.needed =
        plan.forecast.possible() ? plan.forecast.finish_latest : (plan.deadline - plan.now) / 4;
    return ledger::price_outlook(plan.terms, standing);
}

/// What the customer should know before it happens.
std::vector<std::string> warnings_of(const BatchPlan& plan, const BatchRequest& batch) {
    std::vector<std::string> warnings;
    const auto currency = plan.terms.tariff.currency;
    if (!plan.forecast.possible()) {
        const std::string whose =
            batch.reservation ? "of the reservation " + *batch.reservation
                              : "for the privacy class " + std::string(to_string(batch.privacy));
        warnings.push_back("No device is here now that can run model " + plan.check.model.name +
                           " " + whose + ": the batch waits for one until its deadline.");
    } else if (plan.meets_deadline() != "yes") {
        const bool hopeless = plan.meets_deadline() == "no";
        warnings.push_back(std::string("The batch will ") +
                           (hopeless ? "probably not" : "perhaps not") +
                           " be finished by its deadline, " + time_text(plan.deadline) +
                           ": with the devices that are here it takes until " +
                           time_text(hopeless ? plan.finish_earliest() : plan.finish_latest()) +
                           ". Requests that are not done by the deadline cost nothing.");
    }
    if (!plan.terms.limited()) return warnings;
    if (plan.outlook.wait_until) {
        warnings.push_back("The batch waits until " + time_text(*plan.outlook.wait_until) +
                           " for lower prices: at present it is expected to cost " +
                           amount(plan.outlook.now, currency) + ", then " +
                           amount(plan.outlook.then, currency) + ".");
    }
    if (plan.expected() > plan.hold) {
        warnings.push_back(
            "max_price and the deadline can probably not both be met: the batch is expected to "
            "cost " +
            amount(plan.expected(), currency) +
            " at the prices until its deadline, and max_price "
            "is " +
            amount(plan.hold, currency) +
            ". It is worked on as far as that goes; the rest fails with max_price_reached and "
            "costs nothing.");
    }
    return warnings;
}

boost::asio::awaitable<ApiResult<BatchCheck>> check_input(const Services& services,
                                                          const Caller& caller,
                                                          const BatchRequest& batch,
                                                          std::shared_ptr<const ModelTable> models,
                                                          WallTime now) {
    const auto project = caller.project;
    std::function<Result<store::File>(store::Store&)> load = [&](store::Store& s) {
        return s.file(project, batch.input);
    };
    const auto file = co_await services.store.read(std::move(load));
    if (file.has_error()) {
        if (file.error().code() != ErrorCode::not_found) co_return ApiError(file.error());
        co_return invalid_request("No such File object: " + batch.input.get(), "input_file_id",
                                  "invalid_value");
    }
    if (file.value().purpose != "batch")
        co_return invalid_request("The input file's purpose must be \"batch\".", "input_file_id");
    BatchCheckRequest request;
    request.path = services.blobs.file_path(batch.input);
    request.endpoint = batch.endpoint;
    request.models = std::move(models);
    request.replicas = static_cast<std::uint32_t>(batch.replicas);
    request.lines_max = services.limits.batch_items_max;
    request.currency = caller.currency;
    request.tier = batch.privacy;
    if (batch.reservation)
        request.tariff = ledger::fixed_tariff({0, 0, 0}, caller.currency, batch.privacy);
    request.now = now;
    request.deadline = now + batch.window;
    request.typical_answers = services.grid.typical_answers();
    std::function<Result<BatchCheck>()> work = [&] { return check_batch(request); };
    auto check = co_await offload(services.blocking, std::move(work));
    if (check.has_error()) co_return ApiError(check.error());
    co_return std::move(check).value();
}

}  // namespace

WallTime BatchPlan::start_earliest() const {
    return std::max(now + forecast.start_earliest, outlook.wait_until.value_or(now));
}

WallTime BatchPlan::start_latest() const {
    return std::max(now + forecast.start_latest, outlook.wait_until.value_or(now));
}

WallTime BatchPlan::finish_earliest() const {
    return start_earliest() + (forecast.finish_earliest - forecast.start_earliest);
}

WallTime BatchPlan::finish_latest() const {
    return start_latest() + (forecast.finish_latest - forecast.start_latest);
}

std::string_view BatchPlan::meets_deadline() const {
    if (!forecast.possible() || finish_earliest() > deadline) return "no";
    return finish_latest() <= deadline ? "yes" : "uncertain";
}

boost::asio::awaitable<ApiStatus> place_batch(const Services& services, const Caller& caller,
                                              BatchRequest& batch) {
    PlaceWish wish{std::exchange(batch.reservation, std::nullopt), batch.privacy, batch.replicas};
    const auto reserved = co_await services.reservations.choose(caller.project, std::move(wish));
    if (reserved.has_error()) co_return reserved.error();
    if (const auto& on = reserved.value()) {
        batch.reservation = on->id;
        batch.privacy = on->reserved.privacy;
        batch.max_price.reset();
    }
    co_return api_ok();
}

boost::asio::awaitable<ApiResult<BatchPlan>> plan_batch(const Services& services,
                                                        const Caller& caller,
                                                        const BatchRequest& batch) {
    auto models = co_await services.models.current_for(caller.project);
    if (models.has_error()) co_return models.error();
    BatchPlan plan;
    plan.now = services.clock.wall();
    plan.deadline = plan.now + batch.window;
    plan.price_book = models.value()->price_book();
    if (!models.value()->locked()) plan.prices_change = services.models.prices_change();
    auto check = co_await check_input(services, caller, batch, models.value(), plan.now);
    if (check.has_error()) co_return std::move(check).error();
    plan.check = std::move(check).value();
    if (!plan.check.faults.empty() || !plan.check.estimate) co_return plan;
    plan.terms = terms_of(batch, plan.check);
    plan.hold = plan.terms.limited() ? *batch.max_price : plan.check.hold();
    plan.forecast = services.grid.forecast(question_of(caller, batch, plan.check));
    plan.outlook = outlook_of(plan);
    plan.terms.warnings = warnings_of(plan, batch);
    co_return plan;
}

ApiStatus accepts(const BatchPlan& plan, const BatchRequest& batch) {
    if (batch.price_book && *batch.price_book != plan.price_book) {
        return ApiError(409, "invalid_request_error", "prices_changed",
                        "The prices have changed since your quote: version " +
                            std::to_string(plan.price_book) +
                            " of the price book is in force. Ask for another quote.")
            .about("gleaner.price_book");
    }
    if (!plan.terms.limited()) return api_ok();
    const auto currency = plan.terms.tariff.currency;
    const auto& estimate = *plan.check.estimate;
    if (*batch.max_price < estimate.lowest()) {
        return invalid_request(
            "Even at the lowest prices before its deadline this batch costs "
            "about " +
                amount(estimate.lowest(), currency) + ", more than max_price, " +
                amount(*batch.max_price, currency) + ": raise max_price, or send fewer requests.",
            "max_price", "max_price_too_low");
    }
    if (*batch.max_price < estimate.highest_of_one()) {
        return invalid_request(
            "One request of this batch alone may cost up to " +
                amount(estimate.highest_of_one(), currency) + ", more than max_price, " +
                amount(*batch.max_price, currency) +
                ", so that none could be begun: raise max_price, or ask for fewer max_tokens.",
            "max_price", "max_price_too_low");
    }
    return api_ok();
}

}  // namespace gleaner::api
