#include "coordinator/store/audit.h"

#include "coordinator/api/admin/audit_trail.h"
#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using admin::without_secrets;
using store::PrincipalKind;
using test::AdminHarness;

namespace {

std::string text_at(const boost::json::value& row, const char* key) {
    return std::string(row.as_object().at(key).as_string());
}

std::int64_t rows_of(AdminHarness& admin) {
    return admin.get(admin.platform, "/api/v1/audit/verify").body.as_object().at("rows").as_int64();
}

}  // namespace

TEST_CASE("what an operator does is recorded before and after it is done") {
    AdminHarness admin;
    REQUIRE(admin.post(admin.platform, "/api/v1/owners", {{"name", "Café Blau"}}).status == 200);
    const auto listed = admin.get(admin.platform, "/api/v1/audit");
    REQUIRE(listed.data().size() == 2);
    const auto& end = listed.data()[0];
    const auto& intent = listed.data()[1];
    CHECK(text_at(intent, "operator") == "root");
    CHECK(text_at(intent, "action") == "POST /api/v1/owners");
    CHECK(text_at(intent, "sent") == R"({"name":"Café Blau"})");
    CHECK(intent.as_object().at("outcome").is_null());
    CHECK(end.as_object().at("intent").as_int64() == 1);
    CHECK(text_at(end, "outcome") == "200");
    CHECK(boost::json::serialize(listed.body).find("glw_") == std::string::npos);
}

TEST_CASE("a refusal is recorded with its reason, malformed bodies with their size") {
    AdminHarness admin;
    CHECK(admin.remove(admin.platform, "/api/v1/apikeys/key_none").status == 404);
    CHECK(admin.call(admin.platform, api::Method::post, "/api/v1/owners", "{oops").status == 400);
    CHECK(admin.post(admin.platform, "/api/v1/sites", {{"name", "x"}}).status == 403);
    const auto listed = admin.get(admin.platform, "/api/v1/audit");
    REQUIRE(listed.data().size() == 6);
    CHECK(text_at(listed.data()[0], "outcome").starts_with("403 "));
    CHECK(text_at(listed.data()[2], "outcome").starts_with("400 "));
    CHECK(text_at(listed.data()[3], "sent") == "[no JSON, 5 bytes]");
    CHECK(text_at(listed.data()[4], "outcome").starts_with("404 "));
    CHECK(text_at(listed.data()[4], "outcome").find("no such") != std::string::npos);
}

TEST_CASE("an upload is recorded, too, also one that fails") {
    AdminHarness admin;
    (void)admin.upload("some bytes");
    const std::string wrong = "/api/v1/artefacts/" + std::string(64, 'a');
    CHECK(admin.call(admin.platform, api::Method::put, wrong, "other bytes").status != 200);
    const auto listed = admin.get(admin.platform, "/api/v1/audit");
    REQUIRE(listed.data().size() == 4);
    CHECK(text_at(listed.data()[3], "sent") == "10 bytes");
    CHECK(text_at(listed.data()[2], "outcome") == "200");
    CHECK(text_at(listed.data()[0], "outcome") != "200");
}

TEST_CASE("reading is not recorded, nor what others do with their own keys") {
    AdminHarness admin;
    const auto site = admin.new_site("Main street");
    const auto rows = rows_of(admin);
    CHECK(admin.get(admin.platform, "/api/v1/owners").status == 200);
    CHECK(admin.post(site.owner, "/api/v1/tokens", {{"site", site.site}}).status == 200);
    CHECK(rows_of(admin) == rows);
}

TEST_CASE("nothing is done that cannot be recorded") {
    AdminHarness admin;
    std::function<Result<bool>(store::Store&)> fill = [](store::Store& store) -> Result<bool> {
        GLEANER_TRY(store.limit_size(1));
        return true;
    };
    REQUIRE(admin.in_store(std::move(fill)));
    std::size_t done = 0;
    test::Answered answer;
    for (int tries = 0; answer.status != 503 && tries < 3'000; ++tries) {
        answer = admin.post(admin.platform, "/api/v1/owners", {{"name", std::string(190, 'x')}});
        if (answer.status == 200) ++done;
    }
    REQUIRE(answer.status == 503);
    CHECK(answer.error().find("nothing was done") != std::string::npos);
    CHECK(answer.error().find("could not be written to the audit log") != std::string::npos);
    CHECK(admin.get(admin.platform, "/api/v1/owners").data().size() == done);
}

TEST_CASE("the log is read by operators only, in pages, by operator and by time") {
    AdminHarness admin;
    const auto other = AdminHarness::principal(PrincipalKind::operator_, "mei", "key_mei");
    admin.post(admin.platform, "/api/v1/owners", {{"name", "a"}});
    admin.clock.advance(24h);
    admin.post(other, "/api/v1/owners", {{"name", "b"}});
    for (const auto kind : {PrincipalKind::owner, PrincipalKind::partner, PrincipalKind::project}) {
        CHECK(admin.get(AdminHarness::principal(kind, "x"), "/api/v1/audit").status == 403);
        CHECK(admin.get(AdminHarness::principal(kind, "x"), "/api/v1/audit/verify").status == 403);
    }
    const auto of_mei = admin.get(admin.platform, "/api/v1/audit?operator=mei");
    REQUIRE(of_mei.data().size() == 2);
    CHECK(text_at(of_mei.data()[0], "key") == "key_mei");
    const auto page = admin.get(admin.platform, "/api/v1/audit?limit=1&before=4");
    REQUIRE(page.data().size() == 1);
    CHECK(page.data()[0].as_object().at("number").as_int64() == 3);
    CHECK(page.body.as_object().at("has_more").as_bool());
    CHECK(admin.get(admin.platform, "/api/v1/audit?to=2020-01-01").data().empty());
    CHECK(admin.get(admin.platform, "/api/v1/audit?limit=0").status == 400);
    CHECK(admin.get(admin.platform, "/api/v1/audit?before=x").status == 400);
    CHECK(admin.get(admin.platform, "/api/v1/audit?from=then").status == 400);
}

TEST_CASE("the log is verified against a head that was kept") {
    AdminHarness admin;
    admin.post(admin.platform, "/api/v1/owners", {{"name", "a"}});
    const auto verify = "/api/v1/audit/verify";
    const auto good = admin.get(admin.platform, verify);
    REQUIRE(good.body.as_object().at("good").as_bool());
    const auto head = good.text("head");
    CHECK(head.starts_with("2:"));
    admin.post(admin.platform, "/api/v1/owners", {{"name", "b"}});
    const auto expecting = std::string(verify) + "?expect=";
    CHECK(admin.get(admin.platform, expecting + head).body.as_object().at("good").as_bool());
    const auto cut = admin.get(admin.platform, expecting + "9:" + head.substr(2));
    CHECK(!cut.body.as_object().at("good").as_bool());
    CHECK(cut.body.as_object().at("first_bad").as_int64() == 9);
    CHECK(admin.get(admin.platform, expecting + "nonsense").status == 400);
}

TEST_CASE("secrets are left out of what is recorded, by their names and by their looks") {
    const auto hidden = [](const char* body, const char* secret) {
        const auto text = without_secrets(body);
        CHECK_MESSAGE(text.find(secret) == std::string::npos, text);
        CHECK(text.find("[left out]") != std::string::npos);
    };
    hidden(R"({"password":"hunter2"})", "hunter2");
    hidden(R"({"Account_Number":"6222020200112233"})", "6222");
    hidden(R"({"bank":{"holder":"Li Lei","branch":"Pudong"}})", "Li Lei");
    hidden(R"({"list":[{"api_key":"abc123"}]})", "abc123");
    hidden(R"({"note":"glo_abcdefghijk"})", "glo_");
    hidden(R"({"note":"sk-abcdefghijk"})", "sk-");
    hidden(R"({"token":12345})", "12345");
    CHECK(without_secrets(R"({"bank":{"holder":"Li Lei","branch":"Pudong"}})").find("Pudong") !=
          std::string::npos);
    CHECK(without_secrets(R"({"idempotency_key":"invoice 7"})") ==
          R"({"idempotency_key":"invoice 7"})");
    CHECK(without_secrets("").empty());
}

TEST_CASE("what is recorded of a body is bounded, and stays UTF-8") {
    const std::string han = "拾";
    std::string text;
    for (int i = 0; i < 400; ++i) text += han;
    const auto cut = without_secrets(R"({"name":")" + text + R"("})");
    CHECK(cut.size() < 600);
    CHECK(cut.find("… (1200 bytes)") != std::string::npos);
    std::string many = "[";
    for (int i = 0; i < 5'000; ++i) many += "1234,";
    CHECK(without_secrets(many + "1]").size() < admin::audit_sent_bytes_max + 100);
    CHECK(boost::json::parse(cut).is_object());
}
