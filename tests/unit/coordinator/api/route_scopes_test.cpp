/// Aim: each key of one scope may use what the table says and nothing else.

#include "coordinator/api/openai/route_scopes.h"

#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::api;

TEST_CASE("a key of one scope passes exactly the routes that name it") {
    std::size_t open = 0;
    for (const auto& route : route_scopes()) {
        CAPTURE(std::string(route.pattern));
        CHECK(scopes_of(route.method, route.pattern) == route.one_of);
        if (route.one_of.empty()) ++open;
        for (const auto& [scope, name] : store::scope_names) {
            CAPTURE(std::string(name));
            store::Principal key;
            key.scopes = {scope};
            const auto checked = check_scopes(key, route.one_of);
            const bool allowed = route.one_of.empty() || route.one_of.has(scope);
            CHECK(checked.has_value() == allowed);
            if (allowed) continue;
            CHECK(checked.error().status() == 403);
            CHECK(checked.error().code() == "missing_scope");
            CHECK(checked.error().message().find("This key has: " + std::string(name)) !=
                  std::string::npos);
        }
    }
    CHECK(open == 2);  // the lists of models
}

TEST_CASE("nothing of the organisation is open to a usual key but its usage") {
    store::Principal usual;
    for (const auto& route : route_scopes()) {
        if (!route.pattern.starts_with("/v1/organization/")) continue;
        const bool usage = route.pattern.find("/usage/") != std::string_view::npos ||
                           route.pattern.ends_with("/costs");
        CHECK(check_scopes(usual, route.one_of).has_value() == usage);
    }
}
