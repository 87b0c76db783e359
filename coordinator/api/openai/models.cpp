#include <boost/json.hpp>

#include "coordinator/api/openai/model_catalogue.h"
#include "coordinator/api/openai/objects.h"
#include "coordinator/api/openai/routes.h"

namespace gleaner::api {

namespace asio = boost::asio;
namespace json = boost::json;

asio::awaitable<ApiStatus> list_models(const Services& services, Reply& reply) {
    const auto table = co_await services.models.current();
    if (table.has_error()) co_return table.error();
    json::array data;
    for (const auto& [name, model] : table.value()->all()) data.push_back(model_object(model));
    const json::object list{{"object", "list"}, {"data", std::move(data)}};
    (void)co_await reply.send_json(200, json::serialize(list));
    co_return api_ok();
}

asio::awaitable<ApiStatus> get_model(const Services& services, Request& request, Reply& reply) {
    const auto table = co_await services.models.current();
    if (table.has_error()) co_return table.error();
    const auto& name = request.param("id");
    const auto* model = table.value()->find(name);
    if (model == nullptr) co_return openai::model_not_found(name);
    (void)co_await reply.send_json(200, json::serialize(model_object(*model)));
    co_return api_ok();
}

}  // namespace gleaner::api
