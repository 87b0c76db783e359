/// Aim: operators issue invoices once, customers read their own and nobody else's.

#include "tests/unit/coordinator/api/admin/worked_harness.h"

using namespace gleaner;
using namespace gleaner::test;

namespace {

const boost::json::object september{{"month", "2026-09"}};

}  // namespace

TEST_CASE_FIXTURE(WorkedHarness, "a month's invoices are issued once it is over, and listed") {
    CHECK(post(platform, "/api/v1/invoices", september).status >= 400);
    month_ends();
    const auto issued = post(platform, "/api/v1/invoices", september);
    REQUIRE(issued.status == 200);
    REQUIRE(issued.data().size() == 1);
    const auto& invoice = issued.data().front().as_object();
    CHECK(invoice.at("number").as_string() == "GL-2026-000001");
    CHECK(invoice.at("total_micros").as_int64() == 5'000'000);
    CHECK(invoice.at("issued_by").as_string() == "root");
    CHECK(post(platform, "/api/v1/invoices", september).raw == issued.raw);
    CHECK(get(platform, "/api/v1/invoices?month=2026-09").data().size() == 1);
    CHECK(get(platform, "/api/v1/invoices?month=2026-08").data().empty());
    CHECK(get(platform, "/api/v1/invoices?after=GL-2026-000001").data().empty());
    for (const char* wrong : {"2026-9", "soon", ""})
        CHECK(post(platform, "/api/v1/invoices", boost::json::object{{"month", wrong}}).status ==
              400);
    CHECK(get(platform, "/api/v1/invoices?month=soon").status == 400);
}

TEST_CASE_FIXTURE(WorkedHarness, "a customer reads their own invoices in every form, others none") {
    month_ends();
    REQUIRE(post(platform, "/api/v1/invoices", september).status == 200);
    const std::string one = "/api/v1/invoices/GL-2026-000001";
    CHECK(get(customer, one).text("number") == "GL-2026-000001");
    CHECK(get(customer, one + "?format=pdf").raw.starts_with("%PDF-"));
    CHECK(get(customer, one + "?format=html&lang=zh").raw.find("价税合计") != std::string::npos);
    CHECK(get(customer, one + "?format=csv").status == 400);
    CHECK(get(customer, "/api/v1/invoices").data().size() == 1);
    auto stranger = principal(store::PrincipalKind::project, "proj_x");
    stranger.customer = CustomerId{"cus_x"};
    stranger.scopes = {store::Scope::admin, store::Scope::usage};
    CHECK(get(stranger, one).status == 404);
    CHECK(get(stranger, "/api/v1/invoices").data().empty());
    CHECK(get(stranger, "/api/v1/invoices?customer=" + world.customer.id.get()).data().empty());
    CHECK(get(owner, one).status == 403);
    CHECK(post(customer, "/api/v1/invoices", september).status == 403);
    CHECK(get(customer, "/api/v1/invoices/export?month=2026-09").status == 403);
    CHECK(get(platform, "/api/v1/invoices/GL-2026-000009").status == 404);
}

TEST_CASE_FIXTURE(WorkedHarness,
                  "tax data are the customer's to set, and stand on later invoices") {
    const std::string tax = "/api/v1/customers/" + world.customer.id.get() + "/tax";
    CHECK(get(customer, tax).text("title") == "Acme");
    const auto put = [&](const store::Principal& who, const boost::json::object& body) {
        return call(who, api::Method::put, tax, boost::json::serialize(body));
    };
    const boost::json::object whole{{"title", "某某科技有限公司"},
                                    {"taxpayer_number", "91310000MA1FL0XX00"},
                                    {"fapiao", "special"}};
    CHECK(put(customer, whole).status == 403);  // a key that runs requests changes no data
    auto accountant = customer;
    accountant.scopes = {store::Scope::admin};
    CHECK(put(accountant, whole).status == 200);
    CHECK(get(platform, tax).text("fapiao") == "special");
    CHECK(put(accountant, {{"title", "x"}, {"fapiao", "special"}}).status == 400);
    CHECK(put(accountant, {{"title", "x"}, {"fapiao", "red"}}).status == 400);
    CHECK(put(accountant, {{"title", "x"}, {"taxpayer_number", "12"}}).status == 400);
    CHECK(put(accountant, {{"title", "x"}, {"colour", "red"}}).status == 400);
    CHECK(put(owner, whole).status == 403);
    auto stranger = principal(store::PrincipalKind::project, "proj_x");
    stranger.customer = CustomerId{"cus_x"};
    stranger.scopes = {store::Scope::admin, store::Scope::usage};
    CHECK(put(stranger, whole).status == 404);
    CHECK(get(stranger, tax).status == 404);
    month_ends();
    REQUIRE(post(platform, "/api/v1/invoices", september).status == 200);
    const auto basics =
        get(platform, "/api/v1/invoices/export?month=2026-09&format=csv&sheet=basics");
    CHECK(basics.content_type == "text/csv; charset=utf-8");
    CHECK(basics.raw.find("GL-2026-000001,增值税专用发票,,是,否,某某科技有限公司,,"
                          "91310000MA1FL0XX00") != std::string::npos);
    CHECK(get(platform, "/api/v1/invoices/export?month=2026-09&format=csv&sheet=details")
              .raw.find(",5.00,0.06,") != std::string::npos);
    const auto json = get(platform, "/api/v1/invoices/export?month=2026-09");
    CHECK(json.data().front().as_object().at("amount").as_string() == "5.00");
    CHECK(get(platform, "/api/v1/invoices/export?month=2026-09&format=pdf").status == 400);
    CHECK(get(platform, "/api/v1/invoices/export?month=2026-09&format=csv&sheet=x").status == 400);
    CHECK(get(platform, "/api/v1/invoices/export?format=csv").status == 400);
}
