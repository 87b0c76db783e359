#include <doctest/doctest.h>

#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using gleaner::test::AdminHarness;
using store::PrincipalKind;

namespace {

namespace json = boost::json;

struct Parties {
    AdminHarness admin;
    std::string partner;
    std::string owner;
    store::Principal partner_key;
    store::Principal owner_key;

    Parties() {
        partner = admin.post(admin.platform, "/api/v1/partners", {{"name", "Guild"}}).text("id");
        partner_key = AdminHarness::principal(PrincipalKind::partner, partner);
        const auto code =
            admin.post(partner_key, "/api/v1/partners/" + partner + "/codes", {{"label", "May"}});
        const auto added =
            admin.post(admin.platform, "/api/v1/owners",
                       {{"name", "Sunny Cafe"}, {"referral_code", code.text("code")}});
        owner = added.text("id");
        owner_key = AdminHarness::principal(PrincipalKind::owner, owner);
        owner_key.credential_id = added.text("key_id");
    }
    std::string contracts() const { return "/api/v1/owners/" + owner + "/contracts"; }
};

json::object split_of(int owner, int owner_partner) {
    return {{"split", {{"owner", owner}, {"owner_partner", owner_partner}}}};
}

}  // namespace

TEST_CASE("a contract is proposed by an operator and signed by the owner alone") {
    Parties at;
    CHECK(at.admin.post(at.owner_key, at.contracts(), split_of(8'000, 500)).status == 403);
    const auto proposed = at.admin.post(at.admin.platform, at.contracts(), split_of(8'000, 500));
    REQUIRE(proposed.status == 200);
    CHECK(proposed.body.at("terms").at("split").at("platform").as_int64() == 1'500);
    const std::string path = "/api/v1/revenue-contracts/" + proposed.text("id");
    CHECK(at.admin.post(at.admin.platform, path + "/sign", json::object{}).status == 403);
    const auto other = AdminHarness::principal(PrincipalKind::owner, "own_other");
    CHECK(at.admin.post(other, path + "/sign", json::object{}).status == 404);
    CHECK(at.admin.get(other, path).status == 404);
    CHECK(at.admin.get(other, at.contracts()).status == 404);
    CHECK(at.admin.get(at.partner_key, path).status == 403);
    const auto agreed = at.admin.post(at.owner_key, path + "/sign", json::object{});
    CHECK(agreed.status == 200);
    CHECK(agreed.text("signed_by") == at.owner_key.credential_id);
    CHECK(at.admin.get(at.owner_key, path).status == 200);
    CHECK(at.admin.get(at.owner_key, at.contracts()).body.at("data").as_array().size() == 1);
    CHECK(at.admin.post(at.owner_key, path + "/end", {{"end_day", "2099-01-01"}}).status == 200);
    CHECK(at.admin.post(at.owner_key, path + "/end", json::object{}).status == 400);
}

TEST_CASE("terms that do not add up are refused with a sentence") {
    Parties at;
    const auto refused = [&](json::object body, std::string_view words) {
        const auto reply = at.admin.post(at.admin.platform, at.contracts(), std::move(body));
        CHECK(reply.status == 400);
        CHECK_MESSAGE(reply.error().find(words) != std::string::npos, reply.error());
    };
    refused({{"split", {{"owner", 7'000}, {"platform", 2'999}}}}, "must sum to 10000");
    refused(split_of(7'000, 1'200), "at most 10 %");
    refused({{"tiers", json::array{}}}, "\"split\"");
    auto body = split_of(7'000, 0);
    body["currency"] = "XAU";
    refused(body, "CNY, USD");
    body = split_of(7'000, 0);
    body["tiers"] = json::array{json::object{{"from_micros", 5}}};
    refused(body, "\"owner\"");
    body = split_of(7'000, 0);
    body["tiers"] = json::array{3};
    refused(body, "list of objects");
    body = split_of(7'000, 0);
    body["first_day"] = "soon";
    refused(body, "date like");
    body = split_of(7'000, 0);
    body["first_day"] = "2001-01-01";
    refused(body, "has passed");
    body = split_of(7'000, 0);
    body["guaranteed_micros"] = 5;
    refused(body, "presence alone");
}

TEST_CASE("a partner manages their codes and sees whom they brought, nobody else's") {
    Parties at;
    const std::string base = "/api/v1/partners/" + at.partner;
    const auto brought = at.admin.get(at.partner_key, base + "/referrals");
    REQUIRE(brought.body.at("data").as_array().size() == 1);
    CHECK(brought.body.at("data").at(0).at("id").as_string() == at.owner);
    const auto other = AdminHarness::principal(PrincipalKind::partner, "par_other");
    for (const char* what : {"/referrals", "/codes"}) {
        CHECK(at.admin.get(other, base + what).status == 404);
        CHECK(at.admin.get(at.owner_key, base + what).status == 403);
    }
    CHECK(at.admin.post(other, base + "/codes", json::object{}).status == 404);
    const auto codes = at.admin.get(at.partner_key, base + "/codes");
    const std::string code(codes.body.at("data").at(0).at("code").as_string());
    CHECK(at.admin.remove(at.partner_key, base + "/codes/" + code).status == 200);
    const auto refused = at.admin.post(at.admin.platform, "/api/v1/owners",
                                       {{"name", "Late"}, {"referral_code", code}});
    CHECK(refused.status == 400);
    CHECK(refused.error().find("referral code") != std::string::npos);
    CHECK(at.admin
              .post(at.admin.platform, "/api/v1/owners",
                    {{"name", "Both"}, {"referral_code", code}, {"referred_by", at.partner}})
              .status == 400);
}

TEST_CASE("an owner sees which partner has a share and how large it may grow") {
    Parties at;
    const std::string path = "/api/v1/owners/" + at.owner + "/referrer";
    CHECK(at.admin
              .put(at.partner_key, "/api/v1/partners/" + at.partner + "/cap", {{"month_micros", 5}})
              .status == 403);
    CHECK(at.admin
              .put(at.admin.platform, "/api/v1/partners/" + at.partner + "/cap",
                   {{"month_micros", 70'000'000}})
              .status == 200);
    const auto shown = at.admin.get(at.owner_key, path);
    CHECK(shown.text("name") == "Guild");
    CHECK(shown.body.at("share").as_int64() == 500);
    CHECK(shown.body.at("month_micros_max").as_int64() == 70'000'000);
    CHECK(at.admin.get(at.partner_key, path).status == 403);
    CHECK(at.admin.get(AdminHarness::principal(PrincipalKind::owner, "own_x"), path).status == 404);
}

TEST_CASE("only operators decide about withheld earnings, and with a reason") {
    Parties at;
    for (const char* action : {"withhold-earnings", "release-earnings", "claw-back"}) {
        const std::string path = std::string("/api/v1/nodes/node_x/") + action;
        CHECK(at.admin.post(at.owner_key, path, {{"reason", "r"}}).status == 403);
        CHECK(at.admin.post(at.partner_key, path, {{"reason", "r"}}).status == 403);
    }
    CHECK(at.admin
              .post(at.admin.platform, "/api/v1/nodes/node_x/withhold-earnings", {{"reason", "r"}})
              .status == 404);
    CHECK(at.admin.post(at.admin.platform, "/api/v1/nodes/node_x/withhold-earnings", json::object{})
              .status == 400);
    CHECK(at.admin.post(at.admin.platform, "/api/v1/nodes/node_x/release-earnings", json::object{})
              .status == 409);
    CHECK(at.admin.post(at.admin.platform, "/api/v1/requests/req_x/refund", {{"reason", "r"}})
              .status == 404);
    CHECK(at.admin.post(at.owner_key, "/api/v1/requests/req_x/refund", {{"reason", "r"}}).status ==
          403);
    CHECK(at.admin.get(at.owner_key, "/api/v1/withheld-nodes").status == 200);
    CHECK(at.admin.get(at.partner_key, "/api/v1/withheld-nodes").status == 403);
}
