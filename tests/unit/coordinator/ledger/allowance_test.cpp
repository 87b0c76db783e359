/// Aim: nothing begins that credit, a cap or a hard budget does not cover, and the refusal says
/// which, by how much, and what to do.

#include "coordinator/ledger/allowance.h"

#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::ledger;

namespace {

std::string refusal(const Allowance& allowance, const InFlight& running, Money most) {
    const auto status = check_allowance(allowance, running, most, "request");
    REQUIRE(status.has_error());
    CHECK(status.error().code() == ErrorCode::resource_exhausted);
    return status.error().message();
}

bool says(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("prepaid credit covers work up to its last micro") {
    Allowance allowance;
    allowance.credit.balance = Money{1'000'000};
    CHECK(check_allowance(allowance, {}, Money{1'000'000}, "request").has_value());
    CHECK(check_allowance(allowance, {}, Money{1'000'001}, "request").has_error());
    const InFlight running{Money{1}, {}, {}};
    CHECK(check_allowance(allowance, running, Money{1'000'000}, "request").has_error());
    const auto text = refusal(allowance, running, Money{1'500'000});
    CHECK(says(text, "it may cost up to 1.500000 CNY, available are 0.999999"));
    CHECK(says(text, "Top up by at least 0.500001"));
    CHECK(!says(text, "credit limit"));
}

TEST_CASE("a credit limit is spent after the balance, and the refusal says both") {
    Allowance allowance;
    allowance.currency = Currency::usd;
    allowance.credit = {Money{-400'000}, Money{1'000'000}};
    CHECK(check_allowance(allowance, {}, Money{600'000}, "batch").has_value());
    const auto text = refusal(allowance, {}, Money{600'001});
    CHECK(says(text, "600001 USD, available are 0.600000"));
    CHECK(says(text, "a balance of -0.400000 and a credit limit of 1.000000"));
    CHECK(says(text, "have the limit raised"));
}

TEST_CASE("a limit lowered below what is owed lets nothing begin but what is free") {
    Allowance allowance;
    allowance.credit = {Money{-900}, Money{500}};
    CHECK(check_allowance(allowance, {}, Money{1}, "request").has_error());
    CHECK(check_allowance(allowance, {}, Money{}, "request").has_value());
}

TEST_CASE("a key's cap, a project's and a customer's budget each stop work that has credit") {
    Allowance allowance;
    allowance.credit.balance = Money{1'000'000'000};
    const MonthlyCap cap{Money{1'000}, Money{700}};
    SUBCASE("key") {
        allowance.key = cap;
        CHECK(says(refusal(allowance, {{}, {}, Money{200}}, Money{101}), "This key's spend cap"));
        CHECK(check_allowance(allowance, {{}, {}, Money{200}}, Money{100}, "batch").has_value());
    }
    SUBCASE("project") {
        allowance.project = cap;
        const auto text = refusal(allowance, {{}, Money{200}, {}}, Money{101});
        CHECK(says(text, "The budget of this key's project of 0.001000 CNY a month"));
        CHECK(says(text, "spent and held are 0.000900"));
        CHECK(says(text, "gleanerctl budget set --project"));
        CHECK(check_allowance(allowance, {{}, Money{200}, {}}, Money{100}, "batch").has_value());
    }
    SUBCASE("customer") {
        allowance.customer = cap;
        CHECK(says(refusal(allowance, {Money{200}, {}, {}}, Money{101}), "key's customer"));
        CHECK(check_allowance(allowance, {Money{200}, {}, {}}, Money{100}, "batch").has_value());
    }
}
