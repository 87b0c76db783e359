#include "coordinator/api/router.h"

#include <doctest/doctest.h>

using namespace gleaner::api;

namespace {

void add(Router& router, Method method, std::string pattern) {
    Route route;
    route.method = method;
    route.pattern = std::move(pattern);
    router.add(std::move(route));
}

std::string found(const Router& router, Method method, std::string_view path) {
    const auto match = router.match(method, path);
    return match.route == nullptr ? "none" : match.route->pattern;
}

}  // namespace

TEST_CASE("the most exact pattern wins, in whatever order they came") {
    Router router;
    add(router, Method::get, "/v1/{rest...}");
    add(router, Method::get, "/v1/files/{id}");
    add(router, Method::get, "/v1/files/mine");
    CHECK(found(router, Method::get, "/v1/files/mine") == "/v1/files/mine");
    CHECK(found(router, Method::get, "/v1/files/other") == "/v1/files/{id}");
    CHECK(found(router, Method::get, "/v1/files/a/b") == "/v1/{rest...}");
    CHECK(found(router, Method::get, "/v2") == "none");
    CHECK(found(router, Method::get, "/v1/files/") == "/v1/{rest...}");
}

TEST_CASE("parameters hold what stood in their place") {
    Router router;
    add(router, Method::get, "/v1/files/{id}/content");
    add(router, Method::get, "/v1/models/{name...}");
    const auto file = router.match(Method::get, "/v1/files/file-7/content");
    REQUIRE(file.params.size() == 1);
    CHECK(file.params[0] == Header("id", "file-7"));
    const auto model = router.match(Method::get, "/v1/models/org/name/q4");
    REQUIRE(model.params.size() == 1);
    CHECK(model.params[0] == Header("name", "org/name/q4"));
}

TEST_CASE("another method on a known path names those that are allowed") {
    Router router;
    add(router, Method::get, "/a");
    add(router, Method::post, "/a");
    const auto match = router.match(Method::delete_, "/a");
    CHECK(match.route == nullptr);
    CHECK(match.allowed.size() == 2);
    CHECK(found(router, Method::head, "/a") == "/a");
}

TEST_CASE("escapes are decoded, malformed ones refused") {
    CHECK(percent_decoded("a%2Fb+c", false) == "a/b+c");
    CHECK(percent_decoded("a+b", true) == "a b");
    CHECK_FALSE(percent_decoded("%4", false).has_value());
    CHECK_FALSE(percent_decoded("%zz", false).has_value());
    CHECK_FALSE(percent_decoded("%00", false).has_value());
}

TEST_CASE("a query is a list of pairs") {
    const auto query = parse_query("limit=2&order=asc&flag&x=%20");
    REQUIRE(query.has_value());
    REQUIRE(query->size() == 4);
    CHECK((*query)[0] == Header("limit", "2"));
    CHECK((*query)[2] == Header("flag", ""));
    CHECK((*query)[3].second == " ");
    CHECK_FALSE(parse_query("a=%").has_value());
}
