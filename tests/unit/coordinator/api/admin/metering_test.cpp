// Aim: who sees which machines' use and earnings, and what the answers say. The sums themselves are
// the store's tests'.
#include "coordinator/store/metering.h"

#include "shared/model/civil_day.h"
#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using gleaner::test::AdminHarness;
using gleaner::test::Answered;

namespace {

namespace json = boost::json;

struct Fixture : AdminHarness {
    SiteOfOwner mine = new_site("mine");
    SiteOfOwner theirs = new_site("theirs");
    NodeId my_node = new_node(mine, "a");
    NodeId their_node = new_node(theirs, "b");
    std::int64_t today = day_of(clock.wall());

    void add(const NodeId& node, std::int64_t useful, std::int64_t lost,
             std::int64_t watt_seconds = 0) {
        std::function<Result<int>(store::Store&)> work = [&](store::Store& s) -> Result<int> {
            DeviceUse use;
            use.useful_micros = useful;
            use.idle_micros = 50;
            use.lost(LossCause::engine) = lost;
            use.lost(LossCause::loading) = lost / 2;
            use.watt_seconds = watt_seconds;
            const std::vector<std::pair<NodeId, DeviceUse>> rows{{node, use}};
            GLEANER_TRY(store::Metering(s).add_use(today, rows));
            return 0;
        };
        REQUIRE(in_store(std::move(work)).has_value());
    }
    static std::int64_t number(const Answered& answered, const char* key) {
        return answered.body.as_object().at(key).as_int64();
    }
    Answered put(const store::Principal& who, const std::string& target, const json::value& body) {
        return call(who, api::Method::put, target, json::serialize(body));
    }
    [[nodiscard]] std::string price_of(const SiteOfOwner& at) const {
        return "/api/v1/sites/" + at.site + "/electricity";
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "goodput says what was offered, leased, useful and lost, sorted") {
    add(my_node, 700, 200);
    const auto told = get(mine.owner, "/api/v1/goodput");
    REQUIRE(told.status == 200);
    CHECK(told.text("scope") == "owner");
    CHECK(number(told, "offered_micros") == 1'050);
    CHECK(number(told, "leased_micros") == 1'000);
    CHECK(number(told, "useful_micros") == 700);
    CHECK(number(told, "idle_micros") == 50);
    CHECK(number(told, "goodput_permille") == 700);
    CHECK(number(told, "datacentre_permille") == 930);
    const auto& losses = told.body.as_object().at("losses").as_array();
    REQUIRE(losses.size() == 2);
    CHECK(losses[0].at("cause") == "engine");
    CHECK(losses[0].at("permille") == 200);
    CHECK(losses[1].at("cause") == "loading");
    CHECK(told.body.at("sentence").at("en").as_string().find("failures of the engine (20.0 %)") !=
          json::string::npos);
    REQUIRE(told.data().size() == 1);
    CHECK(told.data()[0].at("key") == json::value(date_text(today)));
}

TEST_CASE_FIXTURE(Fixture, "an owner sees their own machines and no others, an operator all") {
    add(my_node, 100, 0);
    add(their_node, 1'000, 0);
    CHECK(number(get(mine.owner, "/api/v1/goodput"), "useful_micros") == 100);
    CHECK(number(get(theirs.owner, "/api/v1/goodput"), "useful_micros") == 1'000);
    CHECK(number(get(platform, "/api/v1/goodput"), "useful_micros") == 1'100);
    for (const std::string path : {"/api/v1/goodput", "/api/v1/earnings"}) {
        for (const std::string& what :
             {"?site=" + theirs.site, "?node=" + their_node.get(), "?owner=" + theirs.owner.subject,
              std::string("?site=site_none"), std::string("?node=node_none")}) {
            const std::string target = path + what;
            CHECK_MESSAGE(get(mine.owner, target).status == 404, target);
        }
        CHECK(get(mine.owner, path + "?site=" + mine.site).status == 200);
        CHECK(get(mine.owner, path + "?node=" + my_node.get()).status == 200);
        CHECK(get(mine.owner, path + "?owner=" + mine.owner.subject).status == 200);
        CHECK(get(platform, path + "?owner=" + mine.owner.subject).status == 200);
        CHECK(get(platform, path + "?owner=own_none").status == 404);
        const auto partner = principal(store::PrincipalKind::partner, "part_x");
        const auto customer = principal(store::PrincipalKind::project, "proj_x");
        CHECK(get(partner, path).status == 403);
        CHECK(get(customer, path).status == 403);
    }
    const auto by_node = get(platform, "/api/v1/goodput?by=node");
    CHECK(by_node.data().size() == 2);
    CHECK(by_node.data()[0].at("name") == "pc");
}

TEST_CASE_FIXTURE(Fixture, "questions that make no sense are refused with what to ask instead") {
    const auto refused = [&](const std::string& query) {
        const auto answer = get(platform, "/api/v1/goodput?" + query);
        CHECK_MESSAGE(answer.status == 400, query);
        return answer.error();
    };
    CHECK(refused("by=moon").find("day, node, site or owner") != std::string::npos);
    CHECK(refused("node=a&site=b").find("one of") != std::string::npos);
    CHECK(refused("from=2026-11-02&to=2026-11-01").find("before it begins") != std::string::npos);
    CHECK(refused("from=1971-01-01&to=2026-11-01").find("ten years") != std::string::npos);
    CHECK(refused("from=yesterday").find("not a time") != std::string::npos);
    const auto whole = get(platform, "/api/v1/earnings");
    CHECK(whole.status == 400);
    CHECK(whole.error().find("name the owner, the site or the node") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a period is whole days, its last one excluded") {
    add(my_node, 100, 0);
    const auto useful = [&](const std::string& from, const std::string& to) {
        return number(get(mine.owner, "/api/v1/goodput?from=" + from + "&to=" + to),
                      "useful_micros");
    };
    const auto day = [&](std::int64_t offset) { return date_text(today + offset); };
    CHECK(useful(day(0), day(1)) == 100);
    CHECK(useful(day(-3), day(0)) == 0);
    CHECK(useful(day(1), day(2)) == 0);
    CHECK(useful(day(0), day(0)) == 0);
}

TEST_CASE_FIXTURE(Fixture, "the price of electricity is the owner's to set and to see") {
    const auto none = get(mine.owner, price_of(mine));
    REQUIRE(none.status == 200);
    CHECK(none.body.at("per_kwh_micros").is_null());
    const json::object price{{"per_kwh_micros", 850'000}};
    const auto set = put(mine.owner, price_of(mine), price);
    REQUIRE(set.status == 200);
    CHECK(number(set, "per_kwh_micros") == 850'000);
    CHECK(set.text("currency") == "CNY");
    CHECK(set.text("since") == date_text(today));
    CHECK(number(get(platform, price_of(mine)), "per_kwh_micros") == 850'000);
    CHECK(put(platform, price_of(mine), price).status == 403);
    CHECK(put(theirs.owner, price_of(mine), price).status == 404);
    CHECK(get(theirs.owner, price_of(mine)).status == 404);
    CHECK(put(mine.owner, price_of(mine), json::object{}).status == 400);
    CHECK(put(mine.owner, price_of(mine), json::object{{"per_kwh_micros", -1}}).status == 400);
    const json::object strange{{"per_kwh_micros", 1}, {"currency", "XAU"}};
    const auto refused = put(mine.owner, price_of(mine), strange);
    CHECK(refused.status == 400);
    CHECK(refused.error().find("no currency") != std::string::npos);
    CHECK(number(get(mine.owner, price_of(mine)), "per_kwh_micros") == 850'000);
}

TEST_CASE_FIXTURE(Fixture, "earnings show electricity and profit, and no profit without a price") {
    add(my_node, 100, 0, 3'600'000);
    const auto unpriced = get(mine.owner, "/api/v1/earnings?by=node");
    REQUIRE(unpriced.status == 200);
    REQUIRE(unpriced.data().size() == 1);
    CHECK(unpriced.data()[0].at("profit_micros").is_null());
    CHECK(unpriced.data()[0].at("unpriced_watt_seconds") == 3'600'000);
    REQUIRE(put(mine.owner, price_of(mine), json::object{{"per_kwh_micros", 500'000}}).status ==
            200);
    const auto priced = get(mine.owner, "/api/v1/earnings?by=node");
    REQUIRE(priced.data().size() == 1);
    CHECK(priced.data()[0].at("key") == json::value(my_node.get()));
    CHECK(priced.data()[0].at("revenue_micros") == 0);
    CHECK(priced.data()[0].at("electricity_micros") == 500'000);
    CHECK(priced.data()[0].at("profit_micros") == -500'000);
    CHECK(priced.data()[0].at("per_reference_hour_micros").is_null());
    const auto& totals = priced.body.as_object().at("totals").as_array();
    REQUIRE(totals.size() == 1);
    CHECK(totals[0].at("profit_micros") == -500'000);
    CHECK(priced.body.as_object().at("balances").as_array().empty());
    const auto site = get(mine.owner, "/api/v1/earnings?site=" + mine.site);
    CHECK_FALSE(site.body.as_object().contains("balances"));
}
