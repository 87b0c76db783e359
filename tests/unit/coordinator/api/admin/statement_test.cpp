/// Aim: statements come in the form, language, currency and period that is asked for, and nobody
/// reads behind a line what is not their business.

#include "shared/artefact/sha256.h"
#include "tests/unit/coordinator/api/admin/worked_harness.h"

using namespace gleaner;
using namespace gleaner::test;

namespace {

std::int64_t amount_of(const boost::json::value& row) {
    return row.as_object().at("amount_micros").as_int64();
}

bool is_null(const boost::json::value& row, const char* key) {
    return row.as_object().at(key).is_null();
}

}  // namespace

TEST_CASE_FIXTURE(WorkedHarness, "a statement comes as JSON, CSV, HTML and PDF, in two languages") {
    const auto json = get(owner, owners_statement + "?month=2026-09");
    CHECK(json.status == 200);
    CHECK(json.text("from") == "2026-08-31T16:00:00Z");
    CHECK(json.text("to") == "2026-09-30T16:00:00Z");
    CHECK(json.disposition.empty());
    const auto csv = get(owner, owners_statement + "?month=2026-09&format=csv");
    CHECK(csv.content_type == "text/csv; charset=utf-8");
    CHECK(csv.disposition == "attachment; filename=\"gleaner-statement-owner-" +
                                 world.owner.id.get() + "-2026-09.csv\"");
    CHECK(csv.raw.starts_with("kind,"));
    const auto html = get(owner, owners_statement + "?month=2026-09&format=html&lang=zh");
    CHECK(html.content_type == "text/html; charset=utf-8");
    CHECK(html.raw.find("收益对账单") != std::string::npos);
    CHECK(html.raw.find("Main street") != std::string::npos);
    // The reference is the hash of what format=json sends.
    const auto text = get(owner, owners_statement + "?month=2026-09&format=json").raw;
    CHECK(html.raw.find(hash_bytes(std::string_view(text)).get()) != std::string::npos);
    const auto pdf = get(owner, owners_statement + "?month=2026-09&format=pdf");
    CHECK(pdf.content_type == "application/pdf");
    CHECK(pdf.raw.starts_with("%PDF-"));
    CHECK(html.raw.find("本期尚未结束") != std::string::npos);
    month_ends();
    CHECK(get(owner, owners_statement + "?month=2026-09&format=html&lang=zh")
              .raw.find("本期尚未结束") == std::string::npos);
}

TEST_CASE_FIXTURE(WorkedHarness, "an unknown form, language, currency, month or page is refused") {
    for (const char* wrong :
         {"?format=doc", "?lang=fr", "?currency=XXX", "?month=2026-13", "?month=september",
          "?month=2026-09&from=2026-09-01", "?from=2026-09-02&to=2026-09-01"}) {
        CHECK_MESSAGE(get(owner, owners_statement + wrong).status == 400, wrong);
    }
    for (const char* wrong :
         {"?limit=0", "?limit=1001", "?after=x", "?date=2026-02-30", "?limit=-1"}) {
        CHECK_MESSAGE(get(owner, owners_statement + "/records" + wrong).status == 400, wrong);
    }
    CHECK(get(owner, owners_statement + "?currency=XXX").error().find("CNY, USD") !=
          std::string::npos);
    CHECK(get(owner, owners_statement + "?currency=USD")
              .body.as_object()
              .at("data")
              .as_array()
              .empty());
}

TEST_CASE_FIXTURE(WorkedHarness, "the pages of meter records behind a line sum to the line") {
    const auto statement = get(owner, owners_statement);
    REQUIRE(statement.data().size() == 2);
    for (const auto& line : statement.data()) {
        const std::string node(line.as_object().at("subject").as_string());
        std::string after = "0";
        std::int64_t sum = 0;
        for (bool more = true; more;) {
            const auto page = get(owner, owners_statement + "/records?subject=" + node +
                                             "&device_class=cpu&limit=2&after=" + after);
            REQUIRE(page.status == 200);
            for (const auto& row : page.data()) {
                sum += amount_of(row);
                after = std::string(row.as_object().at("id").as_string());
            }
            more = page.body.as_object().at("has_more").as_bool();
        }
        CHECK(sum == amount_of(line));
    }
}

TEST_CASE_FIXTURE(WorkedHarness, "each party sees of a record what is its business") {
    const auto of_owner = get(owner, owners_statement + "/records").data().front();
    CHECK_FALSE(is_null(of_owner, "hostname"));
    CHECK_FALSE(is_null(of_owner, "request"));
    CHECK(is_null(of_owner, "customer"));
    const auto of_customer = get(customer, customers_statement + "/records").data().front();
    CHECK_FALSE(is_null(of_customer, "request"));
    for (const char* hidden : {"node", "hostname", "owner"}) CHECK(is_null(of_customer, hidden));
    CHECK(amount_of(of_customer) == -1'000'000);
    const auto of_partner = get(partner, partners_statement + "/records").data().front();
    for (const char* hidden : {"node", "hostname", "request", "attempt", "model", "customer"})
        CHECK(is_null(of_partner, hidden));
    CHECK(amount_of(of_partner) == 50'000);
    const auto of_platform = get(platform, "/api/v1/statements/platform/records").data().front();
    CHECK_FALSE(is_null(of_platform, "owner"));
    CHECK_FALSE(is_null(of_platform, "customer"));
    const std::string everything = get(owner, owners_statement + "/records").raw +
                                   get(owner, owners_statement).raw +
                                   get(owner, owners_statement + "?format=html").raw;
    CHECK(everything.find(world.customer.name) == std::string::npos);
    CHECK(everything.find(world.project.id.get()) == std::string::npos);
}

TEST_CASE_FIXTURE(WorkedHarness, "nobody reads behind another's statement") {
    for (const char* part : {"", "/records", "/entries", "?format=pdf"}) {
        CAPTURE(part);
        CHECK(get(customer, owners_statement + part).status == 403);
        CHECK(get(partner, owners_statement + part).status == 403);
        CHECK(get(owner, customers_statement + part).status == 403);
        CHECK(get(owner, partners_statement + part).status == 403);
        const auto stranger = principal(store::PrincipalKind::owner, "own_stranger");
        CHECK(get(stranger, owners_statement + part).status == 404);
        CHECK(get(platform, owners_statement + part).status == 200);
        CHECK(get(owner, std::string("/api/v1/statements/platform") + part).status == 403);
    }
}

TEST_CASE_FIXTURE(WorkedHarness, "entries stand behind lines that are no work") {
    const auto all = get(customer, customers_statement + "/entries");
    REQUIRE(all.data().size() == 1);
    CHECK(all.data().front().as_object().at("kind").as_string() == "top_up");
    CHECK(amount_of(all.data().front()) == 100'000'000);
    CHECK_FALSE(is_null(all.data().front(), "key"));
    CHECK(get(customer, customers_statement + "/entries?kind=fee").data().empty());
    CHECK(get(customer, customers_statement + "/entries?kind=held").data().empty());
}
