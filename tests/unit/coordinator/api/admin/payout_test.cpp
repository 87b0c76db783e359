/// Aim: each route of payouts and operators is for those named in its table and nobody else; whole
/// account numbers leave in the bank's file only; and money moves by the API as by the store.

#include <algorithm>

#include "tests/support/payout_world.h"
#include "tests/unit/coordinator/api/admin/admin_harness.h"

using namespace gleaner;
using store::OperatorRole;
using store::PrincipalKind;
using test::AdminHarness;
using test::Answered;
using testing::yuan;
namespace json = boost::json;

namespace {

constexpr const char* number = "6222021234567896789";

struct PayoutApi : AdminHarness {
    PayoutApi() {
        std::function<Result<bool>(store::Store&)> work = [](store::Store& s) -> Result<bool> {
            testing::add_operators(s);
            return true;
        };
        REQUIRE(in_store(std::move(work)).has_value());
        const auto added = post(platform, "/api/v1/owners", {{"name", "Café Blau"}});
        owner = principal_of(added.text("key"));
        const auto other = post(platform, "/api/v1/partners", {{"name", "Agency"}});
        partner = principal_of(other.text("key"));
        const auto customer_id = post(platform, "/api/v1/customers", {{"name", "C"}}).text("id");
        customer = principal_of(
            post(platform, "/api/v1/apikeys", {{"customer", customer_id}}).text("key"));
    }

    [[nodiscard]] static store::Principal with_role(std::string name, OperatorRole role) {
        auto who = principal(PrincipalKind::operator_, std::move(name));
        who.role = role;
        return who;
    }
    Answered set_account(const store::Principal& who, const std::string& account = number) {
        return call(
            who, api::Method::put, "/api/v1/payout-accounts/own",
            json::serialize(json::object{
                {"method", "bank"}, {"holder", "王小明"}, {"number", account}, {"bank", "ICBC"}}));
    }
    /// What the owner has confirmed, and where it goes.
    void ready(std::int64_t amount = 1'000 * yuan) {
        earned(owner.subject, amount);
        const auto set = set_account(owner);
        REQUIRE(set.status == 200);
        REQUIRE(verify(owner.subject, 1).status == 200);
    }
    void earned(const std::string& party, std::int64_t amount) {
        std::function<Result<bool>(store::Store&)> work = [&](store::Store& s) -> Result<bool> {
            testing::earn(s, {ledger::PartyKind::owner, party}, {amount});
            return true;
        };
        REQUIRE(in_store(std::move(work)).has_value());
    }
    Answered verify(const std::string& party, std::int64_t version) {
        return post(ann, "/api/v1/payout-accounts/" + party + "/verify", {{"version", version}});
    }
    Answered request(const store::Principal& who, const std::string& key = "k",
                     json::object more = {}) {
        more["idempotency_key"] = key;
        return post(who, "/api/v1/payouts", more);
    }
    Answered act(const store::Principal& who, const std::string& id, const char* action,
                 const json::object& body = {}) {
        return post(who, "/api/v1/payouts/" + id + "/" + action, body);
    }
    Answered export_batch(const store::Principal& who, const std::string& key = "b") {
        return post(who, "/api/v1/payout-batches", {{"method", "bank"}, {"idempotency_key", key}});
    }
    std::int64_t entries() {
        return get(platform, "/api/v1/ledger/check").body.at("entries").as_int64();
    }

    store::Principal ann = with_role("ann", OperatorRole::finance);
    store::Principal bob = with_role("bob", OperatorRole::finance);
    store::Principal sue = with_role("sue", OperatorRole::support);
    store::Principal owner;
    store::Principal partner;
    store::Principal customer;
};

struct Row {
    api::Method method;
    const char* path;
    std::string allowed;  ///< of "admin finance support owner partner customer"
};

}  // namespace

TEST_CASE_FIXTURE(PayoutApi,
                  "each route is for the roles and parties of this table and no others") {
    const auto money = "admin finance";
    const auto everybody_concerned = "admin finance support owner partner";
    const Row table[] = {
        {api::Method::post, "/api/v1/operators", "admin"},
        {api::Method::get, "/api/v1/operators", "admin finance support"},
        {api::Method::put, "/api/v1/operators/sue/role", "admin"},
        {api::Method::put, "/api/v1/payout-accounts/own", "owner partner"},
        {api::Method::get, "/api/v1/payout-accounts/own", "owner partner"},
        {api::Method::get, "/api/v1/payout-accounts", money},
        {api::Method::post, "/api/v1/payout-accounts/own_x/verify", money},
        {api::Method::post, "/api/v1/payout-key/rotate", "admin"},
        {api::Method::post, "/api/v1/payouts", "admin finance owner partner"},
        {api::Method::get, "/api/v1/payouts", everybody_concerned},
        {api::Method::get, "/api/v1/payouts/pay_x", everybody_concerned},
        {api::Method::post, "/api/v1/payouts/pay_x/approve", money},
        {api::Method::post, "/api/v1/payouts/pay_x/reject", money},
        {api::Method::post, "/api/v1/payouts/pay_x/settle", money},
        {api::Method::post, "/api/v1/payouts/pay_x/fail", money},
        {api::Method::post, "/api/v1/payout-batches", money},
        {api::Method::get, "/api/v1/payout-batches", money},
        {api::Method::get, "/api/v1/payout-batches/1", money},
        {api::Method::get, "/api/v1/payout-batches/1/csv", money},
        {api::Method::post, "/api/v1/payout-batches/1/settle", money},
        {api::Method::post, "/api/v1/customers/cus_x/topups", money},
    };
    const std::pair<const char*, const store::Principal*> people[] = {
        {"admin", &platform}, {"finance", &ann},     {"support", &sue},
        {"owner", &owner},    {"partner", &partner}, {"customer", &customer}};
    for (const auto& [method, path, allowed] : table) {
        for (const auto& [who, key] : people) {
            CAPTURE(path);
            CAPTURE(who);
            const bool may = allowed.find(who) != std::string::npos;
            const int status = call(*key, method, path, "{}").status;
            CHECK((status != 403) == may);
        }
    }
}

TEST_CASE_FIXTURE(PayoutApi, "a refusal names the roles that it takes, or why nobody else may") {
    CHECK(act(sue, "pay_x", "approve").error() ==
          "this takes an operator with the role admin or finance, and yours is support");
    CHECK(set_account(platform).error().find("operators cannot set it for them") !=
          std::string::npos);
}

TEST_CASE_FIXTURE(PayoutApi,
                  "operators are added with a role, and only an admin makes their keys") {
    const auto added = post(platform, "/api/v1/operators", {{"name", "eve"}, {"role", "finance"}});
    REQUIRE(added.status == 200);
    const auto eve = principal_of(added.text("key"));
    CHECK(eve.role == OperatorRole::finance);
    CHECK(post(eve, "/api/v1/apikeys", {{"operator", "root"}}).status == 403);
    CHECK(post(platform, "/api/v1/apikeys", {{"operator", "nobody"}}).status == 404);
    const auto second = post(platform, "/api/v1/apikeys", {{"operator", "eve"}});
    REQUIRE(second.status == 200);
    CHECK(remove(eve, "/api/v1/apikeys/" + second.text("id")).status == 403);
    CHECK(remove(platform, "/api/v1/apikeys/" + second.text("id")).status == 200);
    CHECK(post(eve, "/api/v1/apikeys", {{"customer", customer.customer.get()}}).status == 200);
    const auto changed =
        call(platform, api::Method::put, "/api/v1/operators/eve/role", R"({"role":"support"})");
    CHECK(changed.text("role") == "support");
    CHECK(key_changes >= 1);  // a kept key would have its old role
    CHECK(principal_of(added.text("key")).role == OperatorRole::support);
    CHECK(call(platform, api::Method::put, "/api/v1/operators/root/role", R"({"role":"support"})")
              .status == 409);
    CHECK(post(platform, "/api/v1/operators", {{"name", "x"}, {"role", "king"}}).status == 400);
    CHECK(get(sue, "/api/v1/operators").data().size() == 5);
}

TEST_CASE_FIXTURE(PayoutApi,
                  "from an account to a settled payout, and every reply hides the number") {
    std::string replies;
    const auto keep = [&](Answered answered) {
        INFO(json::serialize(answered.body));
        REQUIRE(answered.status == 200);
        replies += json::serialize(answered.body);
        return answered;
    };
    keep(set_account(owner, "6222 0212 3456 7896 789"));
    CHECK(keep(get(owner, "/api/v1/payout-accounts/own")).text("account") == "****6789");
    CHECK(keep(get(ann, "/api/v1/payout-accounts?unverified=true")).data().size() == 1);
    CHECK(keep(verify(owner.subject, 1)).text("verified") != "");
    CHECK(keep(get(ann, "/api/v1/payout-accounts?unverified=true")).data().empty());
    earned(owner.subject, 300 * yuan);
    CHECK(keep(get(owner, "/api/v1/payout-accounts/own"))
              .body.at("payable_micros")
              .at("CNY")
              .as_int64() == 300 * yuan);
    const auto id = keep(request(owner)).text("id");
    CHECK(keep(request(owner)).text("id") == id);
    CHECK(keep(act(ann, id, "approve")).text("state") == "approved");
    const auto batch = keep(export_batch(ann)).body.at("number").as_int64();
    CHECK(keep(export_batch(ann)).body.at("number").as_int64() == batch);
    const auto path = "/api/v1/payout-batches/" + std::to_string(batch);
    CHECK(keep(get(ann, path)).data().size() == 1);
    CHECK(keep(get(ann, "/api/v1/payout-batches")).data().size() == 1);
    const auto file = get(ann, path + "/csv");
    CHECK(file.status == 200);
    CHECK(file.document.find(std::string(id) + ",王小明," + number + ",ICBC,,CNY,300.00,") !=
          std::string::npos);
    CHECK(get(bob, path + "/csv").document == file.document);
    CHECK(keep(act(ann, id, "settle", {{"reference", "r1"}})).text("state") == "settled");
    CHECK(keep(act(ann, id, "settle")).text("note") == "r1");
    CHECK(act(ann, id, "fail", {{"reason", "x"}}).status == 409);
    CHECK(keep(get(owner, "/api/v1/payouts/" + id)).text("state") == "settled");
    CHECK(keep(get(ann, "/api/v1/payouts?state=settled")).data().size() == 1);
    CHECK(get(platform, "/api/v1/ledger/check").body.at("balanced").as_bool());
    CHECK(replies.find("622202") == std::string::npos);
    CHECK(replies.find("王小明") == std::string::npos);
    CHECK(replies.find("sealed") == std::string::npos);
}

TEST_CASE_FIXTURE(PayoutApi, "a refused payout posts nothing and says what is wrong") {
    earned(owner.subject, 300 * yuan);
    const auto before = entries();
    CHECK(request(owner).error().find("has not said where to be paid") != std::string::npos);
    REQUIRE(set_account(owner).status == 200);
    const auto unverified = request(owner);
    CHECK(unverified.status == 409);
    CHECK(unverified.error().find("is not verified") != std::string::npos);
    REQUIRE(verify(owner.subject, 1).status == 200);
    const auto unknown = request(owner, "k", {{"currency", "XYZ"}});
    CHECK(unknown.status == 400);
    CHECK(unknown.error().find("\"XYZ\" is no currency") != std::string::npos);
    CHECK(request(owner, "k", {{"amount_micros", 400 * yuan}}).error().find("only CNY 300.00") !=
          std::string::npos);
    CHECK(request(owner, "k", {{"amount_micros", 50 * yuan}}).error().find("smallest payout") !=
          std::string::npos);
    CHECK(request(owner, "k", {{"amount_micros", 0}}).status == 400);
    CHECK(request(owner, "k", {{"amount_micros", 200 * yuan + 1}}).status == 400);
    CHECK(post(owner, "/api/v1/payouts", json::object{}).error().find("idempotency_key") !=
          std::string::npos);
    CHECK(request(owner, "k", {{"party", partner.subject}}).status == 404);
    CHECK(request(ann, "k").error().find("party") != std::string::npos);
    CHECK(request(ann, "k", {{"party", "cus_x"}}).status == 404);
    CHECK(get(owner, "/api/v1/payouts?state=paid").status == 400);
    CHECK(get(owner, "/api/v1/payouts?limit=0").status == 400);
    CHECK(get(owner, "/api/v1/payouts?limit=two").status == 400);
    CHECK(get(ann, "/api/v1/payout-batches/x").status == 404);
    CHECK(export_batch(ann).status == 409);
    CHECK(post(ann, "/api/v1/payout-batches", {{"method", "cash"}, {"idempotency_key", "k"}})
              .status == 400);
    CHECK(verify(owner.subject, 7).status == 409);
    CHECK(entries() == before);
    CHECK(get(owner, "/api/v1/payouts").data().empty());
}

TEST_CASE_FIXTURE(PayoutApi, "an account that is set wrongly is refused without repeating it") {
    const auto refused = set_account(owner, "12=34567890");
    CHECK(refused.status == 400);
    CHECK(refused.error().find("12=34567890") == std::string::npos);
    CHECK(call(owner, api::Method::put, "/api/v1/payout-accounts/own",
               R"({"method":"cash","holder":"W","number":"12345678"})")
              .status == 400);
    CHECK(call(owner, api::Method::put, "/api/v1/payout-accounts/own",
               R"({"method":"bank","holder":"W","number":"12345678"})")
              .error()
              .find("bank's name") != std::string::npos);
}

TEST_CASE_FIXTURE(PayoutApi,
                  "above the limit two operators agree, and who asked is not the only one") {
    ready(6'000 * yuan);
    const auto large = request(owner).text("id");
    const auto shown = act(ann, large, "approve");
    CHECK(shown.text("state") == "requested");
    CHECK(shown.body.at("approvals_needed").as_int64() == 2);
    CHECK(act(ann, large, "approve").text("state") == "requested");
    CHECK(act(bob, large, "approve").text("state") == "approved");
    REQUIRE(act(ann, large, "reject", {{"reason", "not yet"}}).text("state") == "rejected");

    const auto asked =
        request(ann, "k2", {{"party", owner.subject}, {"amount_micros", 200 * yuan}});
    CHECK(asked.text("requested_by") == "ann");
    CHECK(act(ann, asked.text("id"), "approve").text("state") == "requested");
    CHECK(act(platform, asked.text("id"), "approve").text("state") == "approved");
    CHECK(act(ann, asked.text("id"), "reject").status == 400);  // without a reason
}

TEST_CASE_FIXTURE(PayoutApi,
                  "a party sees its own payouts and not who of the platform dealt with them") {
    ready();
    const auto id = request(owner).text("id");
    REQUIRE(act(ann, id, "approve").status == 200);
    CHECK(get(partner, "/api/v1/payouts/" + id).status == 404);
    CHECK(get(partner, "/api/v1/payouts").data().empty());
    CHECK(get(partner, "/api/v1/payouts?party=" + owner.subject).data().empty());
    const auto own = get(owner, "/api/v1/payouts/" + id);
    CHECK(own.status == 200);
    CHECK(json::serialize(own.body).find("ann") == std::string::npos);
    CHECK(get(sue, "/api/v1/payouts/" + id).body.at("approved_by").as_array().size() == 1);
    CHECK(get(partner, "/api/v1/payout-accounts/own").body.as_object().if_contains("account") ==
          nullptr);
}

TEST_CASE_FIXTURE(PayoutApi,
                  "after the key is rotated the old one is forgotten and all can be paid") {
    ready();
    const auto id = request(owner).text("id");
    REQUIRE(act(ann, id, "approve").status == 200);
    REQUIRE(set_account(owner, "1111222233334444").status == 200);  // an older version stays needed
    const auto old = vault.ring();
    for (std::int64_t round = 0; round < 2; ++round) {
        const auto rotated = call(platform, api::Method::post, "/api/v1/payout-key/rotate", "{}");
        REQUIRE(rotated.status == 200);
        CHECK(rotated.body.at("accounts").as_int64() == 2);
        CHECK(rotated.body.at("unreadable").as_int64() == 0);
    }
    CHECK(vault.ring()->size() == 1);
    CHECK(vault.ring()->current() != old->current());
    CHECK(vault::Vault::open(directory / "payout.key").value().ring()->text() ==
          vault.ring()->text());
    REQUIRE(export_batch(ann).status == 200);
    CHECK(get(ann, "/api/v1/payout-batches/1/csv").document.find(number) != std::string::npos);
}

TEST_CASE_FIXTURE(PayoutApi,
                  "without the key nothing is exported, and the refusal names whose account") {
    ready();
    const auto id = request(owner).text("id");
    REQUIRE(act(ann, id, "approve").status == 200);
    vault.use(std::make_shared<const vault::KeyRing>(vault::KeyRing::generate()));
    const auto refused = export_batch(ann);
    CHECK(refused.status == 404);
    CHECK(refused.error().find(owner.subject) != std::string::npos);
    CHECK(refused.error().find("from your backup") != std::string::npos);
    CHECK(get(ann, "/api/v1/payouts/" + id).text("state") == "approved");
    const auto rotated = call(platform, api::Method::post, "/api/v1/payout-key/rotate", "{}");
    CHECK(rotated.body.at("unreadable").as_int64() == 1);
    CHECK(rotated.body.at("accounts").as_int64() == 0);
}

namespace {

boost::asio::awaitable<void> approve(store::StoreExecutor& executor, std::string id, std::string by,
                                     std::vector<ledger::PayoutState>& seen) {
    std::function<Result<store::Payout>(store::Store&)> work = [id, by](store::Store& s) {
        return store::Payouts(s).approve(id, by);
    };
    const auto approved = co_await executor.write<store::Payout>(std::move(work));
    seen.push_back(approved.value().state);
}

}  // namespace

TEST_CASE_FIXTURE(PayoutApi,
                  "two operators who approve at once are two approvals, and one alone is one") {
    ready(60'000 * yuan);
    for (int round = 0; round < 10; ++round) {
        const auto id =
            request(owner, "k" + std::to_string(round), {{"amount_micros", 6'000 * yuan}})
                .text("id");
        std::vector<ledger::PayoutState> seen;
        // Each operator's client sends it three times: a double click, a repeated request.
        for (int i = 0; i < 3; ++i) {
            for (const char* by : {"ann", "bob"}) {
                if (round % 2 == 1 && std::string(by) == "bob") continue;
                boost::asio::co_spawn(io, approve(*store, id, by, seen), [](std::exception_ptr e) {
                    if (e) std::rethrow_exception(e);
                });
            }
        }
        io.restart();
        io.run();
        const auto payout = get(ann, "/api/v1/payouts/" + id);
        const bool alone = round % 2 == 1;
        CHECK(payout.text("state") == (alone ? "requested" : "approved"));
        CHECK(payout.body.at("approved_by").as_array().size() == (alone ? 1 : 2));
        CHECK(std::ranges::count(seen, ledger::PayoutState::approved) == (alone ? 0 : 5));
    }
}
