#include <boost/json.hpp>

#include "coordinator/api/openai/model_catalogue.h"
#include "coordinator/api/openai/objects.h"
#include "coordinator/api/openai/routes.h"

namespace gleaner::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

/// With the price of this moment, for the caller's currency; none where it is not sold.
json::object shown(const ModelTable& table, const store::Model& model, const Caller& caller,
                   WallTime now) {
    const auto tariff = table.tariff(model, caller.currency, PrivacyClass::any);
    auto object = model_object(model);
    if (tariff.has_error()) {
        object["price_micros_per_million_tokens"] = nullptr;
        return object;
    }
    const auto price = tariff.value().at(now);
    object["price_micros_per_million_tokens"] = {
        {"prompt", price.prompt_micros_per_million},
        {"cached_prompt", price.cached_micros_per_million()},
        {"generated", price.generated_micros_per_million},
        {"currency", code_of(caller.currency)}};
    return object;
}

}  // namespace

asio::awaitable<ApiStatus> list_models(const Services& services, Request& request, Reply& reply) {
    const auto table = co_await services.models.current_for(request.caller->project);
    if (table.has_error()) co_return table.error();
    json::array data;
    for (const auto& [name, model] : table.value()->all())
        data.push_back(shown(*table.value(), model, *request.caller, services.clock.wall()));
    const json::object list{{"object", "list"}, {"data", std::move(data)}};
    (void)co_await reply.send_json(200, json::serialize(list));
    co_return api_ok();
}

asio::awaitable<ApiStatus> get_model(const Services& services, Request& request, Reply& reply) {
    const auto table = co_await services.models.current_for(request.caller->project);
    if (table.has_error()) co_return table.error();
    const auto& name = request.param("id");
    const auto* model = table.value()->find(name);
    if (model == nullptr) co_return openai::model_not_found(name);
    const auto object = shown(*table.value(), *model, *request.caller, services.clock.wall());
    (void)co_await reply.send_json(200, json::serialize(object));
    co_return api_ok();
}

}  // namespace gleaner::api
