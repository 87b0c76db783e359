#include "coordinator/api/openai/routes.h"

#include "coordinator/api/openai/rate_gate.h"
#include "coordinator/api/openai/route_scopes.h"
#include "coordinator/api/router.h"

namespace gleaner::api {

namespace {

using Simple = Handled (*)(const Services&, Request&, Reply&);

/// Counted before anything is read or asked of the store. `told`: the reply has the rate's headers.
Handled within_rate(const Services& services, Simple handler, bool told, Request& request,
                    Reply& reply) {
    const auto taken = services.rates.take_request(*request.caller, told ? &reply : nullptr);
    if (taken.has_error()) co_return taken.error();
    co_return co_await handler(services, request, reply);
}

Route project_route(Method method, std::string pattern, const Services& services, Simple handler,
                    bool told = false) {
    Route route;
    route.method = method;
    route.pattern = std::move(pattern);
    route.access = Access::project;
    route.one_of = scopes_of(route.method, route.pattern);
    route.handler = [&services, handler, told](Request& request, Reply& reply) {
        return within_rate(services, handler, told, request, reply);
    };
    return route;
}

template <openai::Endpoint endpoint>
Route online_route(const Services& services) {
    auto route = project_route(
        Method::post, std::string(openai::path_of(endpoint)), services,
        [](const Services& s, Request& request, Reply& reply) {
            return answer_online(s, endpoint, request, reply);
        },
        true);
    route.body_bytes_max = services.limits.request_bytes_max;
    return route;
}

void add_organization_routes(Router& router, const Services& services) {
    const auto add = [&](Method method, const char* path, Simple handler) {
        router.add(
            project_route(method, std::string("/v1/organization/") + path, services, handler));
    };
    add(Method::get, "usage/completions", usage_completions);
    add(Method::get, "usage/embeddings", usage_embeddings);
    add(Method::get, "costs", costs);
    add(Method::get, "projects", list_projects);
    add(Method::post, "projects", create_project);
    add(Method::get, "projects/{id}", get_project);
    add(Method::get, "projects/{id}/api_keys", list_project_keys);
    add(Method::post, "projects/{id}/api_keys", create_project_key);
    add(Method::get, "projects/{id}/api_keys/{key}", get_project_key);
    add(Method::delete_, "projects/{id}/api_keys/{key}", delete_project_key);
    add(Method::get, "admin_api_keys", list_admin_keys);
    add(Method::post, "admin_api_keys", create_admin_key);
    add(Method::delete_, "admin_api_keys/{key}", delete_admin_key);
}

void add_contract_routes(Router& router, const Services& services) {
    const auto add = [&](Method method, const char* path, Simple handler) {
        router.add(project_route(method, std::string("/v1/") + path, services, handler));
    };
    add(Method::get, "device-classes", list_device_classes);
    add(Method::post, "contracts", create_contract);
    add(Method::get, "contracts", list_contracts);
    add(Method::get, "contracts/{id}", get_contract);
    add(Method::post, "contracts/{id}/sign", sign_contract);
    add(Method::post, "contracts/{id}/reprice", reprice_contract);
    add(Method::post, "contracts/{id}/end", end_contract);
    add(Method::post, "contracts/{id}/terminate", terminate_contract);
}

}  // namespace

void add_openai_routes(Router& router, const Services& services) {
    router.add(project_route(Method::get, "/v1/models", services, list_models));
    // A model's name may hold slashes.
    router.add(project_route(Method::get, "/v1/models/{id...}", services, get_model));

    auto upload = project_route(Method::post, "/v1/files", services, upload_file);
    // The form around the file is small; the file's own limit is checked as it comes.
    upload.body_bytes_max = services.limits.file_bytes_max + (64U << 10U);
    router.add(std::move(upload));
    router.add(project_route(Method::get, "/v1/files", services, list_files));
    router.add(project_route(Method::get, "/v1/files/{id}", services, get_file));
    router.add(project_route(Method::delete_, "/v1/files/{id}", services, delete_file));
    router.add(project_route(Method::get, "/v1/files/{id}/content", services, file_content));

    router.add(project_route(Method::post, "/v1/batches", services, create_batch));
    router.add(project_route(Method::post, "/v1/quotes", services, create_quote));
    router.add(project_route(Method::get, "/v1/batches", services, list_batches));
    router.add(project_route(Method::get, "/v1/batches/{id}", services, get_batch));
    router.add(project_route(Method::post, "/v1/batches/{id}/cancel", services, cancel_batch));

    router.add(online_route<openai::Endpoint::chat_completions>(services));
    router.add(online_route<openai::Endpoint::completions>(services));
    router.add(online_route<openai::Endpoint::embeddings>(services));
    router.add(project_route(Method::get, "/v1/receipts/{id}", services, get_receipt));
    add_organization_routes(router, services);
    add_contract_routes(router, services);
}

}  // namespace gleaner::api
