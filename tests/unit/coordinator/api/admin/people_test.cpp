#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using store::PrincipalKind;
using test::AdminHarness;

TEST_CASE("an owner's key is shown once, works, and is never listed") {
    AdminHarness admin;
    const auto added = admin.post(admin.platform, "/api/v1/owners", {{"name", "Café Blau"}});
    REQUIRE(added.status == 200);
    const auto owner = admin.principal_of(added.text("key"));
    CHECK(owner.kind == PrincipalKind::owner);
    CHECK(owner.subject == added.text("id"));
    const auto listed = admin.get(admin.platform, "/api/v1/owners");
    REQUIRE(listed.data().size() == 1);
    CHECK(boost::json::serialize(listed.body).find(added.text("key")) == std::string::npos);
    CHECK(boost::json::serialize(listed.body).find("sha256") == std::string::npos);
}

TEST_CASE("people are added by operators only") {
    AdminHarness admin;
    for (const auto kind : {PrincipalKind::owner, PrincipalKind::partner, PrincipalKind::project}) {
        const auto other = AdminHarness::principal(kind, "x");
        for (const char* path : {"owners", "partners", "customers", "apikeys"}) {
            CAPTURE(path);
            const std::string target = std::string("/api/v1/") + path;
            CHECK(admin.post(other, target, {{"name", "n"}}).status == 403);
        }
    }
}

TEST_CASE("a partner lists only the owners and customers that they referred") {
    AdminHarness admin;
    const auto partner = admin.post(admin.platform, "/api/v1/partners", {{"name", "P"}});
    const auto id = partner.text("id");
    for (const char* path : {"/api/v1/owners", "/api/v1/customers"}) {
        CAPTURE(path);
        admin.post(admin.platform, path, {{"name", "theirs"}, {"referred_by", id}});
        admin.post(admin.platform, path, {{"name", "not theirs"}});
        const auto seen = admin.get(admin.principal_of(partner.text("key")), path);
        REQUIRE(seen.data().size() == 1);
        CHECK(seen.data()[0].as_object().at("name").as_string() == "theirs");
        CHECK(!seen.data()[0].as_object().contains("credit_micros"));
    }
    CHECK(admin.get(admin.principal_of(partner.text("key")), "/api/v1/partners").data().size() ==
          1);
}

TEST_CASE("a customer gets a project, credit by top-ups that count once, and keys") {
    AdminHarness admin;
    const auto customer = admin.post(admin.platform, "/api/v1/customers", {{"name", "C"}});
    REQUIRE(customer.status == 200);
    const std::string id = customer.text("id");
    const std::string topups = "/api/v1/customers/" + id + "/topups";
    for (int i = 0; i < 2; ++i) {
        const auto topped = admin.post(admin.platform, topups,
                                       {{"amount_micros", 5'000'000}, {"idempotency_key", "k1"}});
        REQUIRE(topped.status == 200);
        CHECK(topped.body.as_object().at("credit_micros").as_int64() == 5'000'000);
    }
    CHECK(admin.post(admin.platform, topups, {{"amount_micros", 0}, {"idempotency_key", "k2"}})
              .status == 400);
    const auto key =
        admin.post(admin.platform, "/api/v1/apikeys", {{"customer", id}, {"label", "ci"}});
    REQUIRE(key.status == 200);
    const auto project = admin.principal_of(key.text("key"));
    CHECK(project.kind == PrincipalKind::project);
    CHECK(project.customer.get() == id);
    const auto listed = admin.get(admin.platform, "/api/v1/apikeys?customer=" + id);
    CHECK(listed.data().size() == 1);
    REQUIRE(admin.remove(admin.platform, "/api/v1/apikeys/" + key.text("id")).status == 200);
    CHECK(admin.key_changes == 3);  // two top-ups and a revocation
}

TEST_CASE("unknown members, wrong types and missing names are refused by name") {
    AdminHarness admin;
    const auto refused = [&](const boost::json::value& body) {
        const auto answer = admin.post(admin.platform, "/api/v1/owners", body);
        CHECK(answer.status == 400);
        return answer.error();
    };
    CHECK(refused({{"name", "x"}, {"colour", "red"}}).find("colour") != std::string::npos);
    CHECK(refused({{"name", 7}}).find("name") != std::string::npos);
    CHECK(refused(boost::json::object{}).find("name") != std::string::npos);
    CHECK(refused({{"name", std::string(201, 'x')}}).find("200") != std::string::npos);
    CHECK(admin.call(admin.platform, api::Method::post, "/api/v1/owners", "{").status == 400);
    CHECK(admin.post(admin.platform, "/api/v1/owners", {{"name", "x"}, {"referred_by", "par_no"}})
              .status == 404);
}

TEST_CASE("everybody sees their own statement and nobody else's") {
    AdminHarness admin;
    const auto at = admin.new_site("s");
    const auto partner = admin.post(admin.platform, "/api/v1/partners", {{"name", "P"}});
    const auto partner_key = admin.principal_of(partner.text("key"));
    const std::string own = "/api/v1/statements/owners/" + at.owner.subject;
    CHECK(admin.get(at.owner, own).status == 200);
    CHECK(admin.get(admin.platform, own).status == 200);
    CHECK(admin.get(partner_key, own).status == 403);
    const auto other = admin.new_site("t");
    const auto foreign = admin.get(other.owner, own);
    const auto missing = admin.get(other.owner, "/api/v1/statements/owners/own_missing");
    CHECK(foreign.status == 404);
    CHECK(boost::json::serialize(foreign.body) == boost::json::serialize(missing.body));
    CHECK(admin.get(partner_key, "/api/v1/statements/partners/" + partner.text("id")).status ==
          200);
    CHECK(admin.get(at.owner, "/api/v1/statements/platform").status == 403);
    CHECK(admin.get(admin.platform, own + "?from=yesterday").status == 400);
    CHECK(admin.get(admin.platform, own + "?from=2026-02-01&to=2026-01-01").status == 400);
    const auto january = admin.get(admin.platform, own + "?from=2026-01-01&to=2026-02-01");
    CHECK(january.text("from") == "2025-12-31T16:00:00Z");
    CHECK(january.text("to") == "2026-01-31T16:00:00Z");
}

TEST_CASE("the ledger's check tells operators that it balances") {
    AdminHarness admin;
    const auto checked = admin.get(admin.platform, "/api/v1/ledger/check");
    CHECK(checked.body.as_object().at("balanced").as_bool());
    CHECK(admin.get(admin.new_site("s").owner, "/api/v1/ledger/check").status == 403);
}
