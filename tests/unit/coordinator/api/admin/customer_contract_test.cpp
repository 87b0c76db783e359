/// Contracts with customers, as operators and the customers' own keys see them.

#include <doctest/doctest.h>

#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/prices.h"
#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using gleaner::test::AdminHarness;
using store::PrincipalKind;
using store::Scope;

namespace {

namespace json = boost::json;

struct Parties {
    AdminHarness admin;
    std::string customer;
    std::string project;
    store::Principal key;

    Parties() {
        customer = admin.post(admin.platform, "/api/v1/customers", {{"name", "Acme"}}).text("id");
        project = admin
                      .post(admin.platform, "/api/v1/projects",
                            {{"customer", customer}, {"name", "Books"}})
                      .text("id");
        key = AdminHarness::principal(PrincipalKind::project, project, "key_1");
        key.customer = CustomerId{customer};
        key.scopes = {Scope::usage};
        std::function<Result<int>(store::Store&)> publish = [](store::Store& s) -> Result<int> {
            store::PriceOffer offer;
            offer.book.currencies[Currency::cny].device_hours["cpu"] = Money{2'000'000};
            GLEANER_TRY(store::Prices(s).publish(offer));
            return 0;
        };
        REQUIRE(admin.in_store(std::move(publish)).has_value());
    }
    [[nodiscard]] std::string path() const {
        return "/api/v1/customers/" + customer + "/contracts";
    }
    [[nodiscard]] json::object wish() const {
        return {{"project", project},
                {"reserve", {{"device_class", "cpu"}, {"devices", 2}}},
                {"from", admin.clock.wall().seconds() / 3'600 * 3'600},
                {"months", 3},
                {"renews", true}};
    }
};

}  // namespace

TEST_CASE("an operator offers with clauses of their own, and the customer sees them") {
    Parties at;
    const auto missing = at.admin.post(at.admin.platform, at.path(), at.wish());
    CHECK(missing.status == 400);
    CHECK(missing.error().find("no machine with 'cpu' is here") != std::string::npos);
    at.admin.grid.devices["cpu"] = 2;
    auto wish = at.wish();
    wish["deposit_days"] = 0;
    wish["termination_penalty"] = 500;
    const auto offered = at.admin.post(at.admin.platform, at.path(), wish);
    REQUIRE_MESSAGE(offered.status == 200, offered.raw);
    CHECK(offered.body.at("deposit") == "0");
    CHECK(offered.body.at("monthly") == "2880");
    CHECK(offered.body.at("termination_penalty") == 500);
    CHECK(offered.body.at("reprice_fee") == 2'000);
    CHECK(offered.text("offered_by") == "root");
    CHECK(offered.text("customer") == at.customer);

    const std::string one = "/api/v1/customer-contracts/" + offered.text("id");
    for (const auto& who : {at.admin.platform, at.key}) {
        CHECK(at.admin.get(who, one).body.at("terms") == offered.body.at("terms"));
        CHECK(at.admin.get(who, "/api/v1/customer-contracts").data().size() == 1);
        CHECK(at.admin.get(who, at.path()).data().size() == 1);
    }
}

TEST_CASE("contracts are their customer's and operators', and nobody else's") {
    Parties at;
    at.admin.grid.devices["cpu"] = 2;
    const auto offered = at.admin.post(at.admin.platform, at.path(), at.wish());
    const std::string one = "/api/v1/customer-contracts/" + offered.text("id");
    auto stranger = at.key;
    stranger.customer = CustomerId{
        at.admin.post(at.admin.platform, "/api/v1/customers", {{"name", "Other"}}).text("id")};
    stranger.subject = "proj_other";
    CHECK(at.admin.get(stranger, one).status == 404);
    CHECK(at.admin.get(stranger, at.path()).status == 404);
    CHECK(at.admin.get(stranger, "/api/v1/customer-contracts").data().empty());
    auto sibling = at.key;  // of another project of the same customer
    sibling.subject = "proj_sibling";
    CHECK(at.admin.get(sibling, one).status == 404);
    CHECK(at.admin.get(sibling, "/api/v1/customer-contracts").data().empty());
    sibling.scopes = {Scope::admin};
    CHECK(at.admin.get(sibling, one).status == 200);
    auto worker = at.key;
    worker.scopes = {Scope::inference};
    CHECK(at.admin.get(worker, one).status == 403);
    const auto owner = AdminHarness::principal(PrincipalKind::owner, "own_1");
    CHECK(at.admin.get(owner, one).status == 403);
}

TEST_CASE("only admins and finance offer, to a project of the customer") {
    Parties at;
    at.admin.grid.devices["cpu"] = 2;
    auto support = at.admin.platform;
    support.role = store::OperatorRole::support;
    CHECK(at.admin.post(support, at.path(), at.wish()).status == 403);
    CHECK(at.admin.post(at.key, at.path(), at.wish()).status == 403);
    auto wish = at.wish();
    wish.erase("project");
    CHECK(at.admin.post(at.admin.platform, at.path(), wish).status == 400);
    wish["project"] = "proj_none";
    CHECK(at.admin.post(at.admin.platform, at.path(), wish).status == 404);
    CHECK(at.admin.get(support, "/api/v1/customer-contracts").data().empty());
}
