#include "shared/model/civil_day.h"
#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using store::PrincipalKind;
using test::AdminHarness;

namespace {

/// Books with one payment, a month and a half before "now".
struct Books {
    Books() {
        const auto customer = admin.post(admin.platform, "/api/v1/customers", {{"name", "C"}});
        REQUIRE(customer.status == 200);
        id = customer.text("id");
        REQUIRE(pay("first", 5'000'000) == 200);
        day = day_of(admin.clock.wall());
        month = month_of(day);
        move_to(start_of_day(first_day(month.next().next())) + 12h);
    }
    int pay(const char* key, std::int64_t micros) {
        return admin
            .post(admin.platform, "/api/v1/customers/" + id + "/topups",
                  {{"amount_micros", micros}, {"idempotency_key", key}})
            .status;
    }
    void move_to(WallTime time) { admin.clock.advance(time - admin.clock.wall()); }
    test::Answered close(const std::string& period) {
        return admin.post(admin.platform, "/api/v1/closes", {{"period", period}});
    }
    void close_month(Month which) {
        for (; day < first_day(which.next()); ++day) REQUIRE(close(date_text(day)).status == 200);
        REQUIRE(close(month_text(which)).status == 200);
    }
    test::Answered archive(const std::string& before) {
        return admin.post(admin.platform, "/api/v1/ledger/archives", {{"before", before}});
    }

    AdminHarness admin;
    std::string id;
    std::int64_t day = 0;
    Month month;
};

}  // namespace

TEST_CASE("an operator closes days in order, and reads what they closed") {
    Books books;
    const auto first = date_text(books.day);
    const auto later = books.close(date_text(books.day + 1));
    CHECK(later.status == 409);
    CHECK(later.error().find("that is " + first) != std::string::npos);
    const auto closed = books.close(first);
    REQUIRE(closed.status == 200);
    CHECK(closed.text("by") == "root");
    CHECK(closed.body.as_object().at("mismatches").as_int64() == 0);
    CHECK(closed.body.as_object().at("report").as_object().at("entries").as_int64() == 1);
    CHECK(books.close(first).text("sha256") == closed.text("sha256"));
    const auto shown = books.admin.get(books.admin.platform, "/api/v1/closes/" + first);
    CHECK(hash_bytes(std::string_view(shown.text("report_text"))).get() == shown.text("sha256"));
    CHECK(shown.text("audit_head").find(':') != std::string::npos);
    const auto listed = books.admin.get(books.admin.platform, "/api/v1/closes");
    REQUIRE(listed.data().size() == 1);
    CHECK(!listed.data()[0].as_object().contains("report"));
    CHECK(books.admin.get(books.admin.platform, "/api/v1/closes?kind=month").data().empty());
    CHECK(books.admin.get(books.admin.platform, "/api/v1/closes?before=" + first).data().empty());
}

TEST_CASE("a payment while the clock is back behind a close is refused and not posted") {
    Books books;
    const auto then = start_of_day(books.day) + 12h;
    REQUIRE(books.close(date_text(books.day)).status == 200);
    books.move_to(then);
    const auto refused =
        books.admin.post(books.admin.platform, "/api/v1/customers/" + books.id + "/topups",
                         {{"amount_micros", 7}, {"idempotency_key", "late"}});
    CHECK(refused.status == 503);
    CHECK(refused.error().find("it has jumped back, nothing is posted") != std::string::npos);
    books.move_to(then + 48h);
    CHECK(books.pay("late", 7) == 200);
}

TEST_CASE("closes and archives are operators' business") {
    Books books;
    for (const auto kind : {PrincipalKind::owner, PrincipalKind::partner, PrincipalKind::project}) {
        const auto other = AdminHarness::principal(kind, "x");
        CHECK(books.admin.get(other, "/api/v1/closes").status == 403);
        CHECK(books.admin.get(other, "/api/v1/closes/2026-11").status == 403);
        CHECK(books.admin.post(other, "/api/v1/closes", {{"period", "2026-11"}}).status == 403);
        CHECK(books.admin.get(other, "/api/v1/ledger/archives").status == 403);
        CHECK(books.admin.post(other, "/api/v1/ledger/archives", {{"before", "2027-01"}}).status ==
              403);
    }
}

TEST_CASE("what is no period is refused by name") {
    Books books;
    CHECK(books.close("2026-13").error().find("'2026-13' is no day") != std::string::npos);
    CHECK(books.close("2026-02-30").status == 400);
    CHECK(books.admin.get(books.admin.platform, "/api/v1/closes/yesterday").status == 400);
    CHECK(books.admin.get(books.admin.platform, "/api/v1/closes/2026-01-01").status == 404);
    CHECK(books.admin.get(books.admin.platform, "/api/v1/closes?kind=year").status == 400);
    CHECK(books.admin.get(books.admin.platform, "/api/v1/closes?before=2026-01").status == 400);
    CHECK(books.archive("soon").status == 400);
}

TEST_CASE("closed months are archived one a call; the customer's statement stays as it was") {
    Books books;
    books.close_month(books.month);
    const auto early = books.archive(month_text(books.month.next()));
    CHECK(early.status == 409);
    books.close_month(books.month.next());
    const auto target = "/api/v1/statements/customers/" + books.id +
                        "?from=" + date_text(first_day(books.month)) +
                        "&to=" + date_text(first_day(books.month.next()));
    const auto before = books.admin.get(books.admin.platform, target);
    CHECK(before.body.as_object().at("archives").as_array().empty());
    const auto archived = books.archive(month_text(books.month.next()));
    REQUIRE(archived.status == 200);
    const auto file = "archive-" + month_text(books.month) + ".db";
    CHECK(archived.body.as_object().at("archived").as_object().at("file").as_string() == file);
    CHECK(books.archive(month_text(books.month.next())).body.as_object().at("archived").is_null());
    CHECK(books.admin.get(books.admin.platform, "/api/v1/ledger/archives").data().size() == 1);
    const auto after = books.admin.get(books.admin.platform, target);
    CHECK(after.body.as_object().at("closing_micros") ==
          before.body.as_object().at("closing_micros"));
    CHECK(after.body.as_object().at("data") == before.body.as_object().at("data"));
    CHECK(after.body.as_object().at("archives").as_array()[0].as_string() == file);
    CHECK(books.pay("first", 5'000'000) == 200);
    CHECK(books.pay("first", 5'000'001) == 409);
    const auto cut = books.admin.get(
        books.admin.platform, "/api/v1/statements/customers/" + books.id +
                                  "?from=" + date_text(first_day(books.month) + 22) + "T01:00:00Z");
    CHECK(cut.status == 409);
    CHECK(books.admin.get(books.admin.platform, "/api/v1/ledger/check")
              .body.as_object()
              .at("balanced")
              .as_bool());
}
