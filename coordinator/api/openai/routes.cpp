#include "coordinator/api/openai/routes.h"

#include "coordinator/api/router.h"

namespace gleaner::api {

namespace {

using Simple = Handled (*)(const Services&, Request&, Reply&);

Route project_route(Method method, std::string pattern, const Services& services, Simple handler) {
    Route route;
    route.method = method;
    route.pattern = std::move(pattern);
    route.access = Access::project;
    route.handler = [&services, handler](Request& request, Reply& reply) {
        return handler(services, request, reply);
    };
    return route;
}

Route online_route(openai::Endpoint endpoint, const Services& services) {
    Route route;
    route.method = Method::post;
    route.pattern = openai::path_of(endpoint);
    route.access = Access::project;
    route.body_bytes_max = services.limits.request_bytes_max;
    route.handler = [&services, endpoint](Request& request, Reply& reply) {
        return answer_online(services, endpoint, request, reply);
    };
    return route;
}

}  // namespace

void add_openai_routes(Router& router, const Services& services) {
    Route models;
    models.pattern = "/v1/models";
    models.access = Access::project;
    models.handler = [&services](Request&, Reply& reply) { return list_models(services, reply); };
    router.add(std::move(models));
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
    router.add(project_route(Method::get, "/v1/batches", services, list_batches));
    router.add(project_route(Method::get, "/v1/batches/{id}", services, get_batch));
    router.add(project_route(Method::post, "/v1/batches/{id}/cancel", services, cancel_batch));

    for (const auto endpoint : {openai::Endpoint::chat_completions, openai::Endpoint::completions,
                                openai::Endpoint::embeddings})
        router.add(online_route(endpoint, services));
    router.add(project_route(Method::get, "/v1/receipts/{id}", services, get_receipt));
}

}  // namespace gleaner::api
