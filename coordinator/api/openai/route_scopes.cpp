#include "coordinator/api/openai/route_scopes.h"

#include <algorithm>
#include <array>

#include "shared/util/check.h"

namespace gleaner::api {

namespace {

using store::Scope;
using store::Scopes;

constexpr Scopes none{};
constexpr Scopes inference{Scope::inference};
constexpr Scopes batches{Scope::batches};
constexpr Scopes files{Scope::files};
constexpr Scopes admin{Scope::admin};
/// Of one's own project with `usage`, of the whole customer with `admin`.
constexpr Scopes usage{Scope::usage, Scope::admin};
constexpr Scopes receipts{Scope::inference, Scope::batches, Scope::usage};

constexpr std::array table{
    RouteScopes{Method::get, "/v1/models", none},
    RouteScopes{Method::get, "/v1/models/{id...}", none},
    RouteScopes{Method::post, "/v1/files", files},
    RouteScopes{Method::get, "/v1/files", files},
    RouteScopes{Method::get, "/v1/files/{id}", files},
    RouteScopes{Method::delete_, "/v1/files/{id}", files},
    RouteScopes{Method::get, "/v1/files/{id}/content", files},
    RouteScopes{Method::post, "/v1/batches", batches},
    RouteScopes{Method::post, "/v1/quotes", batches},
    RouteScopes{Method::get, "/v1/batches", batches},
    RouteScopes{Method::get, "/v1/batches/{id}", batches},
    RouteScopes{Method::post, "/v1/batches/{id}/cancel", batches},
    RouteScopes{Method::post, "/v1/chat/completions", inference},
    RouteScopes{Method::post, "/v1/completions", inference},
    RouteScopes{Method::post, "/v1/embeddings", inference},
    RouteScopes{Method::get, "/v1/receipts/{id}", receipts},
    RouteScopes{Method::get, "/v1/organization/usage/completions", usage},
    RouteScopes{Method::get, "/v1/organization/usage/embeddings", usage},
    RouteScopes{Method::get, "/v1/organization/costs", usage},
    RouteScopes{Method::get, "/v1/organization/projects", admin},
    RouteScopes{Method::post, "/v1/organization/projects", admin},
    RouteScopes{Method::get, "/v1/organization/projects/{id}", admin},
    RouteScopes{Method::get, "/v1/organization/projects/{id}/api_keys", admin},
    RouteScopes{Method::post, "/v1/organization/projects/{id}/api_keys", admin},
    RouteScopes{Method::get, "/v1/organization/projects/{id}/api_keys/{key}", admin},
    RouteScopes{Method::delete_, "/v1/organization/projects/{id}/api_keys/{key}", admin},
    RouteScopes{Method::get, "/v1/organization/admin_api_keys", admin},
    RouteScopes{Method::post, "/v1/organization/admin_api_keys", admin},
    RouteScopes{Method::delete_, "/v1/organization/admin_api_keys/{key}", admin},
    RouteScopes{Method::get, "/v1/device-classes", usage},
    RouteScopes{Method::post, "/v1/contracts", admin},
    RouteScopes{Method::get, "/v1/contracts", usage},
    RouteScopes{Method::get, "/v1/contracts/{id}", usage},
    RouteScopes{Method::post, "/v1/contracts/{id}/sign", admin},
    RouteScopes{Method::post, "/v1/contracts/{id}/reprice", admin},
    RouteScopes{Method::post, "/v1/contracts/{id}/end", admin},
    RouteScopes{Method::post, "/v1/contracts/{id}/terminate", admin},
};

}  // namespace

std::span<const RouteScopes> route_scopes() {
    return table;
}

Scopes scopes_of(Method method, std::string_view pattern) {
    const auto found = std::ranges::find_if(table, [&](const RouteScopes& row) {
        return row.method == method && row.pattern == pattern;
    });
    GLEANER_CHECK(found != table.end(), "every route of /v1 names the scopes that it needs");
    return found->one_of;
}

}  // namespace gleaner::api
