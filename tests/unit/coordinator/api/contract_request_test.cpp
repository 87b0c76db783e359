/// What may be asked of an offer, and what is refused before the store hears of it.

#include "coordinator/api/openai/contract_request.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::api;
namespace json = boost::json;

namespace {

Result<ContractRequest> read(const char* text, bool own_clauses = false) {
    return read_contract_request(json::parse(text).as_object(), store::ContractClauses{},
                                 own_clauses);
}

std::string refusal(const char* text) {
    const auto asked = read(text);
    REQUIRE(asked.has_error());
    CHECK(asked.error().code() == ErrorCode::invalid_argument);
    return asked.error().message();
}

}  // namespace

TEST_CASE("machines are asked for by the hour, with times in each of their forms") {
    const auto asked = read(R"({"project": "proj_1", "from": 1798761600,
        "to": "2027-01-01T02:00:00Z",
        "reserve": {"device_class": "cpu", "devices": 3, "privacy": "certified"}})")
                           .value();
    CHECK(asked.wish.project.get() == "proj_1");
    REQUIRE(asked.wish.reserved);
    CHECK(*asked.wish.reserved == store::ReservedDevices{"cpu", 3, PrivacyClass::certified});
    CHECK(asked.wish.from == WallTime{1'798'761'600'000'000});
    CHECK(asked.wish.to == asked.wish.from + 2h);
    CHECK(asked.wish.months == 0);
    CHECK(asked.clauses.deposit_days == 15);
    const auto day = read(R"({"from": "2027-01-01", "months": 1,
        "reserve": {"device_class": "cpu", "devices": 1}})")
                         .value();
    CHECK(day.wish.from == asked.wish.from - 8h);  // midnight in Shanghai
    CHECK(day.wish.reserved->privacy == PrivacyClass::any);
    CHECK(day.wish.project.empty());
}

TEST_CASE("a commitment is an amount a month for a term") {
    const auto asked =
        read(R"({"monthly": "20000.5", "from": 0, "months": 3, "renews": true})").value();
    CHECK(!asked.wish.reserved);
    CHECK(asked.wish.monthly == Money{20'000'500'000});
    CHECK(asked.wish.months == 3);
    CHECK(asked.wish.renews);
}

TEST_CASE("only an operator sets clauses") {
    const char* text = R"({"monthly": "1", "from": 0, "months": 1, "deposit_days": 0,
        "reprice_threshold": 1000, "reprice_fee": 0, "termination_penalty": 10000})";
    CHECK(refusal(text).find("only an operator sets") != std::string::npos);
    const auto asked = read(text, true).value();
    CHECK(asked.clauses.deposit_days == 0);
    CHECK(asked.clauses.reprice_threshold == 1'000);
    CHECK(asked.clauses.reprice_fee == 0);
    CHECK(asked.clauses.termination_penalty == 10'000);
    CHECK(read(R"({"monthly": "1", "from": 0, "months": 1, "reprice_fee": 10000})", true)
              .has_error());
}

TEST_CASE("what does not fit together is refused with a sentence that names it") {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"from": 0, "months": 1})", "'reserve' or"},
        {R"({"from": 0, "months": 1, "monthly": "1", "reserve": {}})", "'reserve' or"},
        {R"({"from": 0, "months": 1, "monthly": 5})", "'monthly' must be an amount"},
        {R"({"from": 0, "months": 1, "monthly": "0"})", "'monthly' must be an amount"},
        {R"({"months": 1, "monthly": "5"})", "'from' must be given"},
        {R"({"from": "soon", "months": 1, "monthly": "5"})", "'from' must be a time"},
        {R"({"from": -1, "months": 1, "monthly": "5"})", "'from' must be a time"},
        {R"({"from": 0, "monthly": "5"})", "'to'"},
        {R"({"from": 0, "to": 3600, "monthly": "5"})", "not until 'to'"},
        {R"({"from": 0, "months": 4, "monthly": "5"})", "'months' must be a whole number"},
        {R"({"from": 0, "months": 1, "monthly": "5", "renews": "yes"})", "'renews'"},
        {R"({"from": 0, "months": 1, "monthly": "5", "extra": 1})", "extra"},
        {R"({"from": 0, "to": 1, "reserve": []})", "'reserve' must be an object"},
        {R"({"from": 0, "to": 1, "reserve": {"devices": 1}})", "'reserve.device_class'"},
        {R"({"from": 0, "to": 1, "reserve": {"device_class": "cpu"}})", "'reserve.devices'"},
        {R"({"from": 0, "to": 1, "reserve": {"device_class": "cpu", "devices": 0}})", "'devices'"},
        {R"({"from": 0, "to": 1, "reserve": {"device_class": "cpu", "devices": 1, "of": 2}})",
         "reserve.of"},
        {R"({"from": 0, "to": 1, "reserve": {"device_class": "c", "devices": 1,
             "privacy": "own"}})",
         "'reserve.privacy'"},
        {R"({"from": 0, "to": 1, "months": 1, "reserve": {"device_class": "c", "devices": 1}})",
         "not with both"},
        {R"({"from": 0, "to": 1, "renews": true, "reserve": {"device_class": "c", "devices": 1}})",
         "'renews' is for terms"},
    };
    for (const auto& [text, part] : cases) {
        CAPTURE(text);
        CHECK(refusal(text).find(part) != std::string::npos);
    }
}

TEST_CASE("what costs is agreed to by the amount that was shown") {
    const auto read_fee = [](const char* text) {
        return read_agreed_amount(json::parse(text).as_object(), "fee");
    };
    CHECK(read_fee(R"({"fee": "12.5"})").value() == Money{12'500'000});
    CHECK(read_fee(R"({"fee": "0"})").value() == Money{});
    for (const char* text :
         {"{}", R"({"fee": 12.5})", R"({"fee": "-1"})", R"({"fee": "1", "penalty": "1"})"}) {
        CAPTURE(text);
        CHECK(read_fee(text).has_error());
    }
    CHECK(read_fee("{}").error().message().find("GET /v1/contracts/{id}") != std::string::npos);
}
