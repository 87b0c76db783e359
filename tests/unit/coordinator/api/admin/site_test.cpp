#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using store::PrincipalKind;
using test::AdminHarness;

TEST_CASE("a site begins with its owner's own acceptance of the text in force") {
    AdminHarness admin;
    const auto shown = admin.get(admin.platform, "/api/v1/consent");
    CHECK(shown.text("text").find("Who earns") != std::string::npos);
    CHECK(shown.text("sha256") == hash_bytes(std::string_view(shown.text("text"))).get());
    const auto at = admin.new_site("Café Blau");
    const auto sites = admin.get(at.owner, "/api/v1/sites");
    REQUIRE(sites.data().size() == 1);
    const auto& consent = sites.data()[0].as_object().at("consent").as_object();
    CHECK(consent.at("date").as_string() == shown.text("date"));
    CHECK(consent.at("sha256").as_string() == shown.text("sha256"));
    CHECK(consent.at("accepted_by").as_string() == at.owner.credential_id);
    const auto kept = admin.get(at.owner, "/api/v1/sites/" + at.site + "/consent");
    CHECK(kept.text("text") == shown.text("text"));
    CHECK(kept.text("date") == shown.text("date"));
}

TEST_CASE("neither operator nor partner nor customer can make a site") {
    AdminHarness admin;
    for (const auto kind :
         {PrincipalKind::operator_, PrincipalKind::partner, PrincipalKind::project}) {
        const auto refused = admin.post(AdminHarness::principal(kind, "x"), "/api/v1/sites",
                                        {{"name", "s"}, {"consent", admin.acceptance()}});
        CHECK(refused.status == 403);
        CHECK(refused.error().find("owner's own consent") != std::string::npos);
    }
}

TEST_CASE("an acceptance of another text, or none, makes no site") {
    AdminHarness admin;
    const auto owner = admin.new_site("first").owner;
    const auto refuses = [&](const boost::json::value& consent) {
        return admin.post(owner, "/api/v1/sites", {{"name", "s"}, {"consent", consent}}).status;
    };
    auto other_date = admin.acceptance();
    other_date["date"] = "2020-01-01";
    CHECK(refuses(other_date) == 409);
    auto other_text = admin.acceptance();
    other_text["sha256"] = std::string(64, '0');
    CHECK(refuses(other_text) == 409);
    auto no = admin.acceptance();
    no["accepted"] = false;
    CHECK(refuses(no) == 409);
    CHECK(admin.post(owner, "/api/v1/sites", {{"name", "s"}}).status == 400);
    CHECK(admin.get(owner, "/api/v1/sites").data().size() == 1);
}

TEST_CASE("taking consent back disenrols every node, cuts it off, and ends the tokens") {
    AdminHarness admin;
    const auto at = admin.new_site("a");
    const auto other = admin.new_site("b");
    const NodeId first = admin.new_node(at, "hw1");
    const NodeId second = admin.new_node(at, "hw2");
    const NodeId elsewhere = admin.new_node(other, "hw3");
    const auto revoked = admin.remove(at.owner, "/api/v1/sites/" + at.site + "/consent");
    REQUIRE(revoked.status == 200);
    CHECK(revoked.body.as_object().at("nodes_revoked").as_int64() == 2);
    CHECK(admin.grid.cut.size() == 2);
    for (const NodeId& node : {first, second}) {
        CHECK(admin.get(at.owner, "/api/v1/nodes/" + node.get()).text("state") == "revoked");
    }
    CHECK(admin.get(other.owner, "/api/v1/nodes/" + elsewhere.get()).text("state") == "offline");
    CHECK(admin.post(at.owner, "/api/v1/tokens", {{"site", at.site}}).status == 409);
}

TEST_CASE("an owner acts on their own sites only, and others' seem not to exist") {
    AdminHarness admin;
    const auto at = admin.new_site("a");
    const auto other = admin.new_site("b");
    const std::string missing = "site_missing";
    const auto both_ways = [&](auto ask) {
        const test::Answered foreign = ask(at.site);
        const test::Answered absent = ask(missing);
        CHECK(foreign.status == 404);
        CHECK(boost::json::serialize(foreign.body) == boost::json::serialize(absent.body));
    };
    both_ways([&](const std::string& site) {
        return admin.get(other.owner, "/api/v1/sites/" + site + "/consent");
    });
    both_ways([&](const std::string& site) {
        return admin.remove(other.owner, "/api/v1/sites/" + site + "/consent");
    });
    both_ways([&](const std::string& site) {
        return admin.post(other.owner, "/api/v1/tokens", {{"site", site}});
    });
    both_ways([&](const std::string& site) {
        return admin.get(other.owner, "/api/v1/tokens?site=" + site);
    });
    both_ways([&](const std::string& site) {
        return admin.get(other.owner, "/api/v1/nodes?site=" + site);
    });
    CHECK(admin.grid.cut.empty());
    CHECK(admin.get(at.owner, "/api/v1/sites").data().size() == 1);
    CHECK(admin.get(admin.platform, "/api/v1/sites").data().size() == 2);
}

TEST_CASE(
    "a token carries the authority's and the release key's pin, is stored as a hash, and can be "
    "revoked") {
    AdminHarness admin;
    const auto at = admin.new_site("a");
    const auto made = admin.post(at.owner, "/api/v1/tokens",
                                 {{"site", at.site}, {"uses", -1}, {"expires_in_s", 60}});
    REQUIRE(made.status == 200);
    CHECK(made.text("token").starts_with("glt_"));
    CHECK(made.text("token").ends_with("." + std::string(64, 'a') + "." +
                                       admin.release_key.public_key().pin()));
    const auto listed = admin.get(at.owner, "/api/v1/tokens?site=" + at.site);
    REQUIRE(listed.data().size() == 1);
    CHECK(!listed.data()[0].as_object().contains("token"));
    const std::string target = "/api/v1/tokens/" + made.text("id");
    CHECK(admin.remove(admin.new_site("b").owner, target).status == 404);
    CHECK(admin.remove(at.owner, target).status == 200);
    CHECK(!admin.get(at.owner, "/api/v1/tokens?site=" + at.site)
               .data()[0]
               .as_object()
               .at("revoked")
               .is_null());
    CHECK(admin.post(at.owner, "/api/v1/tokens", {{"site", at.site}, {"uses", 0}}).status == 400);
}

TEST_CASE("partners make no tokens and see no nodes") {
    AdminHarness admin;
    const auto at = admin.new_site("a");
    const auto partner = AdminHarness::principal(PrincipalKind::partner, "par_x");
    CHECK(admin.post(partner, "/api/v1/tokens", {{"site", at.site}}).status == 403);
    CHECK(admin.get(partner, "/api/v1/nodes").status == 403);
    CHECK(admin.get(partner, "/api/v1/sites").status == 403);
}

TEST_CASE("operators certify sites, owners do not") {
    AdminHarness admin;
    const auto at = admin.new_site("a");
    const std::string target = "/api/v1/sites/" + at.site + "/certified";
    const auto put = [&](const store::Principal& who) {
        return admin.call(who, api::Method::put, target, R"({"certified":true})");
    };
    CHECK(put(at.owner).status == 403);
    CHECK(put(admin.platform).body.as_object().at("certified").as_bool());
}

TEST_CASE("a site's owner sets its policy, nobody else does, and its nodes are told") {
    AdminHarness admin;
    const auto at = admin.new_site("a");
    const auto other = admin.new_site("b");
    const std::string target = "/api/v1/sites/" + at.site + "/policy";
    const auto put = [&](const store::Principal& who) {
        return admin.call(who, api::Method::put, target, R"({"policy":"idle_minutes = 3\n"})");
    };
    CHECK(put(admin.platform).status == 403);
    CHECK(put(other.owner).status == 404);
    CHECK(admin.grid.policies.empty());
    CHECK(put(at.owner).status == 200);
    REQUIRE(admin.grid.policies.size() == 1);
    CHECK(admin.grid.policies[0] ==
          std::pair<std::string, std::string>(at.site, "idle_minutes = 3\n"));
    const auto shown = admin.call(admin.platform, api::Method::get, target, "");
    CHECK(shown.body.as_object().at("policy").as_string() == "idle_minutes = 3\n");
    CHECK(admin.call(other.owner, api::Method::get, target, "").status == 404);
}

TEST_CASE("a node is shown with what the grid knows of it, drained, and revoked") {
    AdminHarness admin;
    const auto at = admin.new_site("a");
    const NodeId node = admin.new_node(at, "hw");
    const std::string target = "/api/v1/nodes/" + node.get();
    CHECK(admin.post(at.owner, target + "/drain", boost::json::object{}).status == 409);
    admin.grid.nodes[node].connected = true;
    admin.grid.nodes[node].items = 5;
    const auto shown = admin.get(at.owner, target);
    CHECK(shown.text("state") == "online");
    CHECK(shown.body.as_object().at("items").as_int64() == 5);
    CHECK(admin.post(at.owner, target + "/drain", {{"reason", "cleaning"}}).status == 200);
    CHECK(admin.grid.drained == std::vector<std::string>{node.get() + ": cleaning"});
    auto& live = admin.grid.nodes[node];
    live.paused = true;
    live.paused_reason = "a game runs";
    live.failed_models[Sha256(std::string(64, 'a'))] = "it needs 6 GiB";
    const auto troubled = admin.get(at.owner, target);
    CHECK(troubled.text("state") == "paused");
    CHECK(troubled.text("paused_reason") == "a game runs");
    CHECK(troubled.body.as_object().at("failed_models").as_array().at(0).at("reason") ==
          "it needs 6 GiB");
    CHECK(troubled.text("problem") == "a game runs; model aaaaaaaaaaaa: it needs 6 GiB");
    const auto stranger = admin.new_site("b").owner;
    CHECK(admin.get(stranger, target).status == 404);
    CHECK(admin.remove(stranger, target).status == 404);
    CHECK(admin.grid.cut.empty());
    CHECK(admin.remove(at.owner, target).status == 200);
    CHECK(admin.grid.cut == std::vector<std::string>{node.get()});
    CHECK(admin.get(at.owner, target).text("state") == "revoked");
}

TEST_CASE("a node is shown with the newest benchmark of each device, to those who may see it") {
    AdminHarness admin;
    const auto at = admin.new_site("a");
    const NodeId node = admin.new_node(at, "hw1");
    const std::string target = "/api/v1/nodes/" + node.get();
    CHECK(admin.get(at.owner, target).body.as_object().at("benchmarks").as_array().empty());
    std::int64_t seconds = 1'790'000'000;
    for (const char* device : {"cpu", "cuda0", "cuda0"}) {
        store::BenchRecord record;
        record.node = node;
        record.device = device;
        record.report_sha256 = hash_bytes(std::to_string(seconds)).get();
        record.measured = WallTime{seconds++ * 1'000'000};
        record.verdict = Plausibility::too_good;
        record.english = "report " + std::to_string(seconds);
        std::function<Result<bool>(store::Store&)> keep = [&](store::Store& s) {
            return s.keep_bench_report(record);
        };
        REQUIRE(admin.in_store(std::move(keep)).value());
    }
    const auto shown = admin.get(admin.platform, target);
    const auto& benchmarks = shown.body.as_object().at("benchmarks").as_array();
    REQUIRE(benchmarks.size() == 2);
    CHECK(benchmarks[0].at("device").as_string() == "cpu");
    CHECK(benchmarks[1].at("device").as_string() == "cuda0");
    CHECK(benchmarks[1].at("why").as_string() == "report 1790000003");
    CHECK(benchmarks[1].at("verdict").as_string() == "too_good");
    CHECK(admin.get(admin.new_site("b").owner, target).status == 404);
}
