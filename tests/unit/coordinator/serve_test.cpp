#include "coordinator/serve.h"

#include <doctest/doctest.h>

using namespace gleaner;

TEST_CASE("without a release key the coordinator does not start and says how to make one") {
    const Settings settings;
    const auto served = serve(settings);
    REQUIRE(served.has_error());
    CHECK(served.error().code() == ErrorCode::failed_precondition);
    for (const auto* part : {"release_public_key", "gleanerctl key new --out release.key",
                             "gleanerctl key show release.key"})
        CHECK(served.error().message().find(part) != std::string::npos);
}

TEST_CASE("a release key that is none is refused by the option's name") {
    Settings settings;
    settings.release_public_key = "ed25519:1234";
    const auto key = release_key_of(settings);
    REQUIRE(key.has_error());
    CHECK(key.error().code() == ErrorCode::invalid_argument);
    CHECK(key.error().message().starts_with("release_public_key is not a public key"));
}

TEST_CASE("a release key is taken as gleanerctl prints it, and as bare hex") {
    const auto made = SigningKey::generate().public_key();
    Settings settings;
    settings.release_public_key = made.text();
    REQUIRE(release_key_of(settings).has_value());
    CHECK(release_key_of(settings).value().raw() == made.raw());
}

TEST_CASE("options of payouts become a policy, and a currency that is left out keeps its default") {
    Settings settings;
    const auto usual = payout_policy(settings).value();
    CHECK(usual.minimum_of(Currency::cny) == Money{100'000'000});
    CHECK(usual.schedule == ledger::PayoutSchedule{ledger::PayoutSchedule::Kind::monthly, 10});
    for (const auto& name : currency_names) {
        CHECK(usual.minimum_of(name.currency) > Money{});
        CHECK(usual.approvals_for({100'000'000'000}, name.currency) == 2);
        CHECK(usual.approvals_for(usual.minimum_of(name.currency), name.currency) == 1);
    }
    settings.payout_minimum = {"CNY 50"};
    settings.payout_two_person_above = {};
    settings.payout_schedule = "on request";
    const auto changed = payout_policy(settings).value();
    CHECK(changed.minimum_of(Currency::cny) == Money{50'000'000});
    CHECK(changed.minimum_of(Currency::usd) == usual.minimum_of(Currency::usd));
    CHECK(changed.two_person_above == usual.two_person_above);
}

TEST_CASE("an option of payouts that is none is refused by its name") {
    Settings settings;
    settings.payout_minimum = {"XYZ 1"};
    CHECK(payout_policy(settings).error().message().starts_with("payouts.minimum"));
    settings = {};
    settings.payout_two_person_above = {"CNY -1"};
    CHECK(payout_policy(settings).error().message().starts_with("payouts.two_person_above"));
    settings = {};
    settings.payout_schedule = "daily";
    CHECK(payout_policy(settings).error().message().starts_with("payouts.schedule"));
}

TEST_CASE("options of contracts become clauses, and their defaults are the clauses' own") {
    Settings settings;
    const store::ContractClauses usual;
    CHECK(clauses_of(settings).deposit_days == usual.deposit_days);
    CHECK(clauses_of(settings).reprice_threshold == usual.reprice_threshold);
    CHECK(clauses_of(settings).reprice_fee == usual.reprice_fee);
    CHECK(clauses_of(settings).termination_penalty == usual.termination_penalty);
    settings.contract_deposit_days = 30;
    settings.contract_reprice_threshold = 1;
    settings.contract_reprice_fee = 2;
    settings.contract_termination_penalty = 3;
    CHECK(clauses_of(settings).deposit_days == 30);
    CHECK(clauses_of(settings).reprice_threshold == 1);
    CHECK(clauses_of(settings).reprice_fee == 2);
    CHECK(clauses_of(settings).termination_penalty == 3);
}
