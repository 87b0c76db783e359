#pragma once
/// The handlers of /v1, one function a route. Registered by add_openai_routes().

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/http.h"
#include "coordinator/api/openai/services.h"
#include "coordinator/openai/request.h"

namespace gleaner::api {

class Router;

/// All of /v1. `services` must outlive the router.
void add_openai_routes(Router& router, const Services& services);

using Handled = boost::asio::awaitable<ApiStatus>;

[[nodiscard]] Handled list_models(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled get_model(const Services& services, Request& request, Reply& reply);

[[nodiscard]] Handled upload_file(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled list_files(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled get_file(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled delete_file(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled file_content(const Services& services, Request& request, Reply& reply);

[[nodiscard]] Handled create_batch(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled create_quote(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled list_batches(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled get_batch(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled cancel_batch(const Services& services, Request& request, Reply& reply);

[[nodiscard]] Handled answer_online(const Services& services, openai::Endpoint endpoint,
                                    Request& request, Reply& reply);
// Of the caller's own customer.
[[nodiscard]] Handled usage_completions(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled usage_embeddings(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled costs(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled list_projects(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled create_project(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled get_project(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled list_project_keys(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled create_project_key(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled get_project_key(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled delete_project_key(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled list_admin_keys(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled create_admin_key(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled delete_admin_key(const Services& services, Request& request, Reply& reply);

// Contracts of the caller's own customer.
[[nodiscard]] Handled create_contract(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled list_contracts(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled get_contract(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled sign_contract(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled reprice_contract(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled end_contract(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled terminate_contract(const Services& services, Request& request, Reply& reply);
[[nodiscard]] Handled list_device_classes(const Services& services, Request& request, Reply& reply);

[[nodiscard]] Handled get_receipt(const Services& services, Request& request, Reply& reply);

}  // namespace gleaner::api
