#pragma once
/// What a project's key needs for each route of /v1: the one table.

#include <span>
#include <string_view>

#include "coordinator/api/http.h"

namespace gleaner::api {

struct RouteScopes {
    Method method;
    std::string_view pattern;
    store::Scopes one_of;  ///< none: every key may
};

[[nodiscard]] std::span<const RouteScopes> route_scopes();

/// Aborts for a route that the table does not name: none is open by oversight.
[[nodiscard]] store::Scopes scopes_of(Method method, std::string_view pattern);

}  // namespace gleaner::api
