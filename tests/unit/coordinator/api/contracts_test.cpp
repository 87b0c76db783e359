/// A customer's way from a price to a signed contract and out of it, by the real routes.

#include <doctest/doctest.h>

#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/prices.h"
#include "tests/unit/coordinator/api/customer_api_rig.h"

using namespace gleaner;
using namespace gleaner::api;
using gleaner::api::test::CustomerApi;
namespace json = boost::json;
using store::Scope;

namespace {

constexpr const char* device = "Test CPU";

struct Fixture : CustomerApi {
    Caller admin = caller({Scope::admin}, signer());
    Caller reader = caller({Scope::usage});
    Caller worker = caller({Scope::inference, Scope::batches, Scope::files});

    /// A key that the store knows: it stands under what is signed with it.
    std::string signer() {
        std::string id;
        REQUIRE(grid.write([&](store::Store& s) -> Status {
                        GLEANER_TRY(const auto key,
                                    s.add_credential(store::PrincipalKind::project,
                                                     grid.world.project.id.get(), "admin",
                                                     testing::fake_sha256(4711)));
                        id = key.id;
                        return ok();
                    })
                    .has_value());
        return id;
    }
    void publish(const char* hour, std::int64_t prompt = 1'000'000) {
        const auto published = grid.write([&](store::Store& s) -> Status {
            store::PriceOffer offer;
            auto& sold = offer.book.currencies[Currency::cny];
            sold.device_hours[device] = *parse_decimal(hour);
            sold.models["demo"] = {prompt, prompt};
            offer.book.tiers[PrivacyClass::certified] = 15'000;
            ledger::TimeBand night;
            night.name = "night";
            night.from_minute = 0;
            night.to_minute = 60;
            night.factor = 5'000;
            offer.book.bands = {night};
            GLEANER_TRY(store::Prices(s).publish(offer));
            return ok();
        });
        REQUIRE_MESSAGE(published.has_value(), published.error().message());
        models.forget();
    }
    [[nodiscard]] Money balance() {
        Money found;
        const auto read = grid.write([&](store::Store& s) -> Status {
            GLEANER_TRY(const auto left, s.available_credit(grid.world.customer.id));
            found = left;
            return ok();
        });
        REQUIRE(read.has_value());
        return found;
    }
    void top_up(std::int64_t micros) {
        REQUIRE(grid.write([&](store::Store& s) -> Status {
                        GLEANER_TRY(s.top_up(grid.world.customer.id, Money{micros}, "more"));
                        return ok();
                    })
                    .has_value());
    }
    [[nodiscard]] std::int64_t this_hour() const {
        return grid.clock.wall().seconds() / 3'600 * 3'600;
    }
    [[nodiscard]] json::object for_a_month(const char* device_class = device) const {
        return {{"reserve", {{"device_class", device_class}, {"devices", 1}}},
                {"from", this_hour()},
                {"months", 1}};
    }
};

std::string said(const json::value& contract, const char* language) {
    std::string all;
    for (const auto& sentence : contract.at("terms").at(language).as_array())
        all += json::value_to<std::string>(sentence) + "\n";
    return all;
}

}  // namespace

TEST_CASE("what there is to reserve has its price on each tier, and only a reader may look") {
    Fixture at;
    at.grid.join();
    const auto free = at.get(at.reader, "/v1/device-classes");
    REQUIRE(free.status == 200);
    REQUIRE(free.body.at("data").as_array().size() == 1);
    CHECK(free.body.at("data").at(0).at("hour").is_null());
    at.publish("2");
    const auto priced = at.get(at.reader, "/v1/device-classes").body;
    const auto& one = priced.at("data").at(0);
    CHECK(one.at("id") == device);
    CHECK(one.at("devices") == 1);
    CHECK(one.at("hour") == json::value{{"any", "2"}, {"certified", "3"}});
    CHECK(priced.at("bands").as_array().size() == 1);
    CHECK(at.get(at.worker, "/v1/device-classes").status == 403);
}

TEST_CASE("an offer binds nothing, and says all that follows from it") {
    Fixture at;
    at.grid.join();
    at.publish("2");
    const Money before = at.balance();
    const auto offered = at.post(at.admin, "/v1/contracts", at.for_a_month());
    REQUIRE_MESSAGE(offered.status == 200, json::serialize(offered.body));
    const auto& contract = offered.body;
    CHECK(contract.at("state") == "offered");
    CHECK(contract.at("kind") == "reservation");
    CHECK(contract.at("prices").at(0).at("hour") == "2");
    CHECK(contract.at("prices").at(0).at("bands").at(0).at("hour") == "1");
    // A month of 30 days: 690 hours at 2 and 30 at 1; the deposit is half of it.
    CHECK(contract.at("monthly") == "1410");
    CHECK(contract.at("deposit") == "705");
    CHECK(contract.at("reprice").at("open") == false);
    CHECK(contract.at("terminate").is_object());
    CHECK(contract.at("availability_promise").as_array().size() == 3);
    CHECK(contract.at("availability").is_null());
    CHECK(offered.text("offered_by") == at.admin.principal.credential_id);
    CHECK(contract.at("valid_until").as_int64() > at.this_hour());
    const auto english = said(contract, "en");
    for (const char* part :
         {"1 of Test CPU", "for a term of 1 month, then it ends",
          "An hour of one device costs 2 CNY", "night (00:00 to 01:00) 1 CNY",
          "A month of 30 days costs 1410 CNY", "a deposit of 705 CNY", "falls by more than 20 %",
          "Leaving early costs 30 %", "Below 99 %", "can be signed until"}) {
        CAPTURE(english);
        CHECK_MESSAGE(english.find(part) != std::string::npos, part);
    }
    const auto chinese = said(contract, "zh");
    for (const char* part : {"押金 705 CNY", "每小时 2 CNY", "违约金", "低于 99 %"})
        CHECK_MESSAGE(chinese.find(part) != std::string::npos, part);
    CHECK(at.balance() == before);
    CHECK(at.get(at.reader, "/v1/contracts").body.at("data").as_array().size() == 1);
    CHECK(at.get(at.reader, "/v1/contracts/" + offered.text("id")).body.at("terms") ==
          contract.at("terms"));
}

TEST_CASE("an offer for hardware that is not there is refused with a sentence") {
    Fixture at;
    at.grid.join();
    CHECK(at.post(at.admin, "/v1/contracts", at.for_a_month()).status == 409);  // no price book
    at.publish("2");
    const auto unknown = at.post(at.admin, "/v1/contracts", at.for_a_month("Cray-1"));
    CHECK(unknown.status == 400);
    CHECK(unknown.error().find("no machine with 'Cray-1' is here") != std::string::npos);
    auto many = at.for_a_month();
    many["reserve"].as_object()["devices"] = 2;
    CHECK(at.post(at.admin, "/v1/contracts", many).status == 409);
    auto foreign = at.for_a_month();
    foreign["project"] = "proj_other";
    CHECK(at.post(at.admin, "/v1/contracts", foreign).status == 404);
    CHECK(at.post(at.reader, "/v1/contracts", at.for_a_month()).status == 403);
    CHECK(at.get(at.reader, "/v1/contracts").body.at("data").as_array().empty());
}

TEST_CASE("signing takes the deposit, leaving costs what was shown, and the rest comes back") {
    Fixture at;
    at.grid.join();
    at.publish("0.001");
    at.top_up(10'000'000);
    const Money before = at.balance();
    const auto path =
        "/v1/contracts/" + at.post(at.admin, "/v1/contracts", at.for_a_month()).text("id");
    CHECK(at.post(at.reader, path + "/sign", json::object()).status == 403);
    auto stranger = at.caller({Scope::admin}, "key_2");
    stranger.principal.customer = CustomerId{"cus_other"};
    stranger.customer = CustomerId{"cus_other"};
    CHECK(at.post(stranger, path + "/sign", json::object()).status == 404);
    CHECK(at.get(stranger, path).status == 404);
    CHECK(at.balance() == before);

    const auto agreed = at.post(at.admin, path + "/sign", json::object());
    REQUIRE_MESSAGE(agreed.status == 200, json::serialize(agreed.body));
    CHECK(agreed.text("state") == "signed");
    CHECK(agreed.text("signed_by") == at.admin.principal.credential_id);
    const auto deposit = *parse_decimal(agreed.text("deposit_held"));
    CHECK(deposit == *parse_decimal(agreed.text("deposit")));
    CHECK(deposit > Money{});
    CHECK(at.balance() == before - deposit);
    CHECK(at.get(at.admin, path).body.at("availability").is_object());

    CHECK(at.post(at.admin, path + "/reprice", {{"fee", "0"}}).status == 409);
    CHECK(at.post(at.admin, path + "/terminate", json::object()).status == 400);
    CHECK(at.post(at.admin, path + "/terminate", {{"penalty", "0"}}).status == 409);
    CHECK(at.balance() == before - deposit);
    const auto penalty =
        json::value_to<std::string>(at.get(at.admin, path).body.at("terminate").at("penalty"));
    const auto left = at.post(at.admin, path + "/terminate", {{"penalty", penalty}});
    REQUIRE_MESSAGE(left.status == 200, json::serialize(left.body));
    CHECK(left.text("state") == "ended");
    CHECK(*parse_decimal(penalty) > Money{});
    CHECK(at.balance() == before - *parse_decimal(penalty));
}

TEST_CASE("when prices fall the customer takes the lower ones for the fee that was shown") {
    Fixture at;
    at.grid.join();
    at.publish("0.001");
    at.top_up(10'000'000);
    auto wish = at.for_a_month();
    wish["renews"] = true;
    const auto path = "/v1/contracts/" + at.post(at.admin, "/v1/contracts", wish).text("id");
    REQUIRE(at.post(at.admin, path + "/sign", json::object()).status == 200);
    at.publish("0.0009");  // not by more than a fifth
    CHECK(at.get(at.admin, path).body.at("reprice").at("open") == false);
    at.publish("0.0005");
    const auto shown = at.get(at.admin, path).body.at("reprice");
    REQUIRE(shown.at("open") == true);
    const auto fee = json::value_to<std::string>(shown.at("fee"));
    CHECK(*parse_decimal(fee) > Money{});
    const Money before = at.balance();
    CHECK(at.post(at.admin, path + "/reprice", {{"fee", "0"}}).status == 409);
    CHECK(at.post(at.reader, path + "/reprice", {{"fee", fee}}).status == 403);
    CHECK(at.balance() == before);
    const auto repriced = at.post(at.admin, path + "/reprice", {{"fee", fee}});
    REQUIRE_MESSAGE(repriced.status == 200, json::serialize(repriced.body));
    CHECK(at.balance() == before - *parse_decimal(fee));
    const auto& prices = repriced.body.at("prices").as_array();
    REQUIRE(prices.size() == 2);
    CHECK(prices[0].at("hour") == "0.001");
    CHECK(prices[1].at("hour") == "0.0005");
    CHECK(repriced.body.at("monthly") == shown.at("monthly_after"));

    CHECK(repriced.body.at("ends_at").is_null());
    const auto ended = at.post(at.admin, path + "/end", json::object());
    REQUIRE(ended.status == 200);
    CHECK(ended.text("state") == "signed");  // until its month is over
    CHECK(ended.body.at("ends_at").as_int64() > at.this_hour() + 27 * 86'400);
}

TEST_CASE("a quote on reserved machines costs nothing, and other contracts cannot be named") {
    Fixture at;
    at.grid.join();
    at.publish("0.001");
    at.top_up(10'000'000);
    const auto offered = at.post(at.admin, "/v1/contracts", at.for_a_month());
    const auto id = offered.text("id");
    const json::object body{{"input_file_id", "file-none"},
                            {"endpoint", "/v1/chat/completions"},
                            {"completion_window", "24h"}};
    const auto quoted = [&](const json::object& extension) {
        auto asked = body;
        asked["gleaner"] = extension;
        return at.post(at.worker, "/v1/quotes", asked);
    };
    const auto unsigned_yet = quoted({{"reservation", id}});
    CHECK(unsigned_yet.status == 400);
    CHECK(unsigned_yet.error().find("has not been signed") != std::string::npos);
    CHECK(quoted({{"reservation", "ctr_none"}}).status == 404);
    CHECK(quoted({{"reservation", 7}}).status == 400);
    REQUIRE(at.post(at.admin, "/v1/contracts/" + id + "/sign", json::object()).status == 200);
    // Placed by itself: the file is what is missing now, not the replicas' refusal.
    CHECK(quoted({{"replicas", 2}}).error().find("computed once") != std::string::npos);
    CHECK(quoted({{"privacy", "certified"}}).error().find("privacy class") != std::string::npos);
    CHECK(quoted({}).error().find("No such File") != std::string::npos);
    CHECK(quoted({{"reservation", "none"}, {"replicas", 2}}).error().find("No such File") !=
          std::string::npos);
}

TEST_CASE("a commitment locks the prices of what its project buys, and of nobody else") {
    Fixture at;
    REQUIRE(at.grid
                .write([&](store::Store& s) -> Status {
                    GLEANER_TRY(s.add_model(at.grid.model, {}));
                    return ok();
                })
                .has_value());
    at.publish("1", 500'000);
    at.top_up(100'000'000);
    const auto price = [&](const Caller& who) {
        return at.get(who, "/v1/models/demo")
            .body.at("price_micros_per_million_tokens")
            .at("prompt")
            .as_int64();
    };
    const auto offered = at.post(at.admin, "/v1/contracts",
                                 {{"monthly", "1"}, {"from", at.this_hour()}, {"months", 1}});
    REQUIRE_MESSAGE(offered.status == 200, json::serialize(offered.body));
    CHECK(said(offered.body, "en").find("version 1 of the price book") != std::string::npos);
    REQUIRE(
        at.post(at.admin, "/v1/contracts/" + offered.text("id") + "/sign", json::object()).status ==
        200);
    const auto locked = price(at.worker);
    at.publish("1", 700'000);
    CHECK(price(at.worker) == locked);
    auto stranger = at.worker;
    stranger.project = ProjectId{"proj_other"};
    CHECK(price(stranger) > locked);
}
