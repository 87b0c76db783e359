/// Aim: operators act for any customer, a key with the scope `admin` for its own customer only,
/// another key for nobody; what they set is kept and shown.

#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using store::PrincipalKind;
using test::AdminHarness;
using test::Answered;

namespace {

struct Tenant {
    std::string customer;
    std::string project;
    store::Principal admin;
    store::Principal usual;
};

std::int64_t number(const Answered& answer, const char* key) {
    return answer.body.as_object().at(key).as_int64();
}

struct Fixture : AdminHarness {
    Tenant tenant(const char* name) {
        const auto added = post(platform, "/api/v1/customers", {{"name", name}});
        REQUIRE(added.status == 200);
        Tenant made;
        made.customer = added.text("id");
        made.project = added.body.at("projects").at(0).as_string().c_str();
        made.admin = key({{"customer", made.customer}, {"scopes", {"admin"}}});
        made.usual = key({{"customer", made.customer}});
        return made;
    }
    store::Principal key(const boost::json::value& body) {
        const auto made = post(platform, "/api/v1/apikeys", body);
        REQUIRE_MESSAGE(made.status == 200, boost::json::serialize(made.body));
        return principal_of(made.text("key"));
    }
    Answered put(const store::Principal& who, const std::string& target,
                 const boost::json::value& body) {
        return call(who, api::Method::put, target, boost::json::serialize(body));
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a key is made with scopes and limits, changed, listed and revoked") {
    const auto a = tenant("A");
    const auto made = post(platform, "/api/v1/apikeys",
                           {{"project", a.project},
                            {"label", "app"},
                            {"scopes", {"inference", "files"}},
                            {"spend_cap_micros", 5'000'000},
                            {"requests_per_minute", 60},
                            {"tokens_per_minute", 9'000},
                            {"expires", "2027-01-01"}});
    REQUIRE(made.status == 200);
    const auto id = made.text("id");
    CHECK(made.body.at("scopes").as_array().size() == 2);
    CHECK(made.text("expires") == "2026-12-31T16:00:00Z");
    const auto principal = principal_of(made.text("key"));
    CHECK(principal.requests_per_minute == 60);
    CHECK(!principal.scopes.has(store::Scope::batches));

    const int changes = key_changes;
    const auto changed =
        put(platform, "/api/v1/apikeys/" + id,
            {{"spend_cap_micros", 0}, {"scopes", {"usage"}}, {"expires", "never"}});
    REQUIRE(changed.status == 200);
    CHECK(changed.text("label") == "app");
    CHECK(changed.body.at("spend_cap_micros").is_null());
    CHECK(changed.body.at("expires").is_null());
    CHECK(number(changed, "requests_per_minute") == 60);
    CHECK(key_changes == changes + 1);

    const auto listed = get(platform, "/api/v1/apikeys?project=" + a.project);
    REQUIRE(listed.data().size() == 3);
    CHECK(listed.data()[2].at("spent_micros").as_int64() == 0);
    CHECK(remove(platform, "/api/v1/apikeys/" + id).status == 200);
    CHECK(put(platform, "/api/v1/apikeys/" + id, {{"label", "x"}}).status == 409);

    for (const boost::json::value& wrong :
         {boost::json::value{{"project", a.project}, {"scopes", {"root"}}},
          boost::json::value{{"project", a.project}, {"scopes", boost::json::array()}},
          boost::json::value{{"project", a.project}, {"expires", "2001-01-01"}},
          boost::json::value{{"operator", "o"}, {"spend_cap_micros", 5}}})
        CHECK(post(platform, "/api/v1/apikeys", wrong).status == 400);
}

TEST_CASE_FIXTURE(Fixture,
                  "an admin key acts for its own customer; another's does not exist for it") {
    const auto a = tenant("A");
    const auto b = tenant("B");
    const auto project =
        post(a.admin, "/api/v1/projects", {{"name", "second"}, {"currency", "USD"}});
    REQUIRE(project.status == 200);
    CHECK(project.text("customer") == a.customer);
    CHECK(project.text("currency") == "USD");
    CHECK(get(a.admin, "/api/v1/projects").data().size() == 2);
    const auto made = post(a.admin, "/api/v1/apikeys", {{"project", project.text("id")}});
    REQUIRE(made.status == 200);
    CHECK(principal_of(made.text("key")).currency == Currency::usd);
    CHECK(remove(a.admin, "/api/v1/apikeys/" + made.text("id")).status == 200);

    const auto credit = get(a.admin, "/api/v1/customers/" + a.customer + "/credit");
    CHECK(credit.status == 200);
    CHECK(get(a.admin, "/api/v1/customers/" + b.customer + "/credit").status == 404);
    CHECK(get(a.admin, "/api/v1/projects?customer=" + b.customer).status == 404);
    CHECK(post(a.admin, "/api/v1/projects", {{"name", "x"}, {"customer", b.customer}}).status ==
          404);
    CHECK(post(a.admin, "/api/v1/apikeys", {{"project", b.project}}).status == 404);
    CHECK(post(a.admin, "/api/v1/apikeys", {{"operator", "me"}}).status == 403);
    CHECK(get(a.admin, "/api/v1/apikeys?customer=" + b.customer).status == 404);
    CHECK(remove(a.admin, "/api/v1/apikeys/" + b.usual.credential_id).status == 404);
    CHECK(put(a.admin, "/api/v1/apikeys/" + b.usual.credential_id, {{"label", "x"}}).status == 404);
    CHECK(put(a.admin, "/api/v1/budgets",
              {{"project", b.project}, {"amount_micros", 5}, {"hard", true}})
              .status == 404);
    CHECK(get(a.admin, "/api/v1/budgets?customer=" + b.customer).status == 404);
    CHECK(get(a.admin, "/api/v1/alerts?customer=" + b.customer).status == 404);
    CHECK(get(a.admin, "/api/v1/usage?customer=" + b.customer).status == 404);
    CHECK(get(a.admin, "/api/v1/usage?project=" + b.project).status == 404);
}

TEST_CASE_FIXTURE(Fixture, "a key without the scope is told which one is missing") {
    const auto a = tenant("A");
    const std::vector<std::pair<api::Method, std::string>> doors{
        {api::Method::get, "/api/v1/projects"},    {api::Method::post, "/api/v1/projects"},
        {api::Method::post, "/api/v1/apikeys"},    {api::Method::get, "/api/v1/apikeys"},
        {api::Method::put, "/api/v1/apikeys/x"},   {api::Method::delete_, "/api/v1/apikeys/x"},
        {api::Method::put, "/api/v1/budgets"},     {api::Method::get, "/api/v1/budgets"},
        {api::Method::delete_, "/api/v1/budgets"}, {api::Method::get, "/api/v1/alerts"}};
    for (const auto& [method, path] : doors) {
        CAPTURE(path);
        const auto refused = call(a.usual, method, path, "{}");
        CHECK(refused.status == 403);
        CHECK(refused.error().find("Missing scopes: admin.") != std::string::npos);
        CHECK(refused.body.at("error").at("code").as_string() == "missing_scope");
    }
    const auto files = key({{"customer", a.customer}, {"scopes", {"files"}}});
    CHECK(get(files, "/api/v1/usage").error().find("usage or admin") != std::string::npos);
    CHECK(get(files, "/api/v1/statements/customers/" + a.customer).status == 403);
    CHECK(get(a.usual, "/api/v1/statements/customers/" + a.customer).status == 200);
}

TEST_CASE_FIXTURE(Fixture, "credit limits, refunds and weights are operators' to set") {
    const auto a = tenant("A");
    const std::string path = "/api/v1/customers/" + a.customer;
    const auto limit = put(platform, path + "/credit-limit", {{"amount_micros", 700}});
    REQUIRE(limit.status == 200);
    CHECK(number(limit, "credit_micros") == 700);
    CHECK(number(limit, "balance_micros") == 0);
    post(platform, path + "/topups",
         {{"amount_micros", 1'000}, {"idempotency_key", "k"}, {"currency", "USD"}});
    const auto refused =
        post(platform, path + "/refunds", {{"amount_micros", 1}, {"idempotency_key", "r"}});
    CHECK(refused.status == 429);
    for (int i = 0; i < 2; ++i) {
        const auto refunded =
            post(platform, path + "/refunds",
                 {{"amount_micros", 400}, {"idempotency_key", "r"}, {"currency", "USD"}});
        REQUIRE(refunded.status == 200);
        CHECK(number(refunded, "balance_micros") == 600);
    }
    CHECK(number(get(a.usual, path + "/credit?currency=USD"), "credit_micros") == 600);
    CHECK(get(a.usual, path + "/credit?currency=XXX").status == 400);
    CHECK(get(platform, "/api/v1/ledger/check").body.at("balanced").as_bool());

    REQUIRE(put(platform, path + "/weight", {{"weight", 250}}).status == 200);
    REQUIRE(grid.weights.size() == 1);
    CHECK(grid.weights[0] == std::pair(a.customer, 250));
    CHECK(put(platform, path + "/weight", {{"weight", 0}}).status == 400);
    CHECK(get(platform, "/api/v1/customers").data()[0].at("weight").as_int64() == 250);
    for (const char* what : {"/credit-limit", "/weight"})
        CHECK(put(a.admin, path + what, {{"amount_micros", 1}}).status == 403);
    CHECK(post(a.admin, path + "/refunds", {{"amount_micros", 1}}).status == 403);
    CHECK(put(platform, "/api/v1/customers/cus_x/weight", {{"weight", 5}}).status == 404);
}

TEST_CASE_FIXTURE(Fixture, "budgets are set, listed and removed, and their alerts shown") {
    const auto a = tenant("A");
    const auto made = put(a.admin, "/api/v1/budgets",
                          {{"project", a.project},
                           {"amount_micros", 1'000},
                           {"hard", true},
                           {"thresholds", {90, 10}}});
    REQUIRE(made.status == 200);
    CHECK(made.text("kind") == "project");
    CHECK(made.body.at("thresholds").at(0).as_int64() == 10);
    REQUIRE(put(a.admin, "/api/v1/budgets", {{"amount_micros", 9'000}, {"hard", false}}).status ==
            200);
    REQUIRE(get(a.admin, "/api/v1/budgets").data().size() == 2);
    CHECK(get(platform, "/api/v1/budgets").data().size() == 2);
    CHECK(get(platform, "/api/v1/alerts").data().empty());
    CHECK(get(platform, "/api/v1/alerts?limit=0").status == 400);
    CHECK(get(platform, "/api/v1/alerts?limit=x").status == 400);
    CHECK(put(platform, "/api/v1/budgets", {{"amount_micros", 5}, {"hard", true}}).status == 400);
    CHECK(
        put(a.admin, "/api/v1/budgets", {{"amount_micros", 5}, {"hard", true}, {"thresholds", {0}}})
            .status == 400);
    CHECK(remove(a.admin, "/api/v1/budgets?project=" + a.project).status == 200);
    CHECK(remove(a.admin, "/api/v1/budgets?project=" + a.project).status == 404);
    CHECK(get(a.admin, "/api/v1/budgets").data().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a usage key sees its own project, and periods are bounded") {
    const auto a = tenant("A");
    const auto second = post(a.admin, "/api/v1/projects", {{"name", "second"}}).text("id");
    CHECK(get(a.usual, "/api/v1/usage").status == 200);
    CHECK(get(a.usual, "/api/v1/usage?project=" + second).status == 404);
    CHECK(get(a.admin, "/api/v1/usage?project=" + second).status == 200);
    CHECK(get(platform, "/api/v1/usage?customer=" + a.customer).status == 200);
    CHECK(get(platform, "/api/v1/usage").status == 400);
    CHECK(get(a.usual, "/api/v1/usage?width=1y").status == 400);
    CHECK(get(a.usual, "/api/v1/usage?width=1m").status == 400);
    CHECK(get(a.usual, "/api/v1/usage?from=2026-02-02&to=2026-02-01").status == 400);
    CHECK(get(a.usual, "/api/v1/usage?from=yesterday").status == 400);
}
