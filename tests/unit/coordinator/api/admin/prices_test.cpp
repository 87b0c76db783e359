#include <doctest/doctest.h>

#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using namespace gleaner::test;

namespace {

boost::json::object book(const std::string& prompt) {
    return {{"currencies", {{"CNY", {{"models", {{"demo", {{"prompt", prompt}}}}}}}}}};
}

boost::json::object offer(const std::string& prompt, bool dry_run = false) {
    return {{"book", book(prompt)}, {"dry_run", dry_run}};
}

}  // namespace

TEST_CASE_FIXTURE(AdminHarness, "an operator publishes a price book, and the API forgets the old") {
    const int before = key_changes;
    const auto published = post(platform, "/api/v1/prices", offer("0.5"));
    REQUIRE(published.status == 200);
    CHECK(published.body.at("version").as_int64() == 1);
    CHECK(published.text("state") == "in_force");
    CHECK(key_changes == before + 1);
    CHECK(post(platform, "/api/v1/prices", offer("0.5")).body.at("version").as_int64() == 1);
    const auto current = get(platform, "/api/v1/prices/current");
    CHECK(current.body.at("book").at("currencies").at("CNY").at("models").at("demo").at("prompt") ==
          "0.5");
    CHECK(get(platform, "/api/v1/prices").data().size() == 1);
}

TEST_CASE_FIXTURE(AdminHarness, "a dry run publishes nothing and refuses as the real one would") {
    const auto tried = post(platform, "/api/v1/prices", offer("0.5", true));
    CHECK(tried.status == 200);
    CHECK(tried.text("state") == "not_published");
    CHECK(get(platform, "/api/v1/prices").data().empty());
    CHECK(get(platform, "/api/v1/prices/current").status == 404);
    CHECK(post(platform, "/api/v1/prices", offer("-0.5", true)).error() ==
          "currencies.CNY.models.demo.prompt: a price is not negative");
}

TEST_CASE_FIXTURE(AdminHarness, "bad books are refused with a sentence and nothing is published") {
    CHECK(post(platform, "/api/v1/prices", offer("-1")).status == 400);
    auto foreign = offer("1");
    foreign["book"] = {{"currencies", {{"GBP", boost::json::object()}}}};
    CHECK(post(platform, "/api/v1/prices", foreign).error() ==
          "currencies: there is no currency \"GBP\" here: CNY, USD, EUR, HKD, SGD");
    auto past = offer("1");
    past["from"] = "2020-01-01";
    CHECK(post(platform, "/api/v1/prices", past).status == 400);
    auto strange = offer("1");
    strange["form"] = "2030-01-01";
    CHECK(post(platform, "/api/v1/prices", strange).status == 400);
    CHECK(post(platform, "/api/v1/prices", {{"dry_run", false}}).status == 400);
    auto later = offer("1");
    later["from"] = "2030-01-01";
    later["until"] = "2030-02-01";
    REQUIRE(post(platform, "/api/v1/prices", later).status == 200);
    auto inside = offer("2");
    inside["from"] = "2030-01-15";
    const auto overlapping = post(platform, "/api/v1/prices", inside);
    CHECK(overlapping.status == 409);
    CHECK(overlapping.error().find("version 1") != std::string::npos);
    CHECK(get(platform, "/api/v1/prices").data().size() == 1);
}

TEST_CASE_FIXTURE(AdminHarness, "a coming version is shown for its time and can be withdrawn") {
    (void)post(platform, "/api/v1/prices", offer("1"));
    auto later = offer("2");
    later["from"] = "2030-01-01";
    const auto coming = post(platform, "/api/v1/prices", later);
    CHECK(coming.text("state") == "coming");
    CHECK(get(platform, "/api/v1/prices/current?at=2030-06-01").body.at("version").as_int64() == 2);
    CHECK(get(platform, "/api/v1/prices/current").body.at("version").as_int64() == 1);
    CHECK(post(platform, "/api/v1/prices/1/withdraw", boost::json::object()).status == 409);
    CHECK(post(platform, "/api/v1/prices/x/withdraw", boost::json::object()).status == 404);
    CHECK(post(platform, "/api/v1/prices/7/withdraw", boost::json::object()).status == 404);
    const auto gone = post(platform, "/api/v1/prices/2/withdraw", boost::json::object());
    CHECK(gone.text("state") == "withdrawn");
    CHECK(get(platform, "/api/v1/prices/current?at=2030-06-01").body.at("version").as_int64() == 1);
    CHECK(get(platform, "/api/v1/prices/current?at=soon").status == 400);
}

TEST_CASE_FIXTURE(AdminHarness, "others see the prices in force and change nothing") {
    (void)post(platform, "/api/v1/prices", offer("1"));
    for (const auto kind : {store::PrincipalKind::owner, store::PrincipalKind::partner,
                            store::PrincipalKind::project}) {
        const auto who = principal(kind, "somebody");
        CHECK(get(who, "/api/v1/prices/current").status == 200);
        CHECK(get(who, "/api/v1/prices").status == 403);
        CHECK(post(who, "/api/v1/prices", offer("9")).status == 403);
        CHECK(post(who, "/api/v1/prices/1/withdraw", boost::json::object()).status == 403);
    }
}
