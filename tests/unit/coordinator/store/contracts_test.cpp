#include "coordinator/store/contracts.h"

#include <doctest/doctest.h>

#include "coordinator/store/referrals.h"
#include "shared/model/civil_day.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {1'000'000});
    RevenueContracts contracts{*store};
    Referrals referrals{*store};
    std::int64_t today = day_of(clock.wall());
    Principal owner_key{PrincipalKind::owner, world.owner_key.id, world.owner.id.get(), {}};

    Result<RevenueContract> propose(std::int64_t first, std::optional<std::int64_t> end,
                                    ledger::RevenueTerms terms = {}) {
        return contracts.propose(world.owner.id, Currency::cny, terms, first, end, "ann");
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a contract is in force only once its owner has signed it") {
    ledger::RevenueTerms terms;
    terms.split = {8'000, 0, 500, 1'500};
    const auto proposed = propose(today, today + 30, terms).value();
    CHECK(!proposed.signed_at);
    CHECK(contracts.in_force(world.owner.id, Currency::cny, today).value().split.owner == 7'000);
    const auto agreed = contracts.sign(proposed.id, owner_key).value();
    CHECK(agreed.signed_at == clock.wall());
    CHECK(agreed.signed_by == world.owner_key.id);
    CHECK(contracts.in_force(world.owner.id, Currency::cny, today).value().split.owner == 8'000);
    CHECK(contracts.in_force(world.owner.id, Currency::usd, today).value().split.owner == 7'000);
    CHECK(contracts.in_force(world.owner.id, Currency::cny, today + 30).value().split.owner ==
          7'000);
    clock.advance(24h);
    CHECK(contracts.sign(proposed.id, owner_key).value().signed_at == agreed.signed_at);
}

TEST_CASE_FIXTURE(Fixture, "nobody but the owner signs") {
    const auto proposed = propose(today, {}).value();
    for (const auto& principal :
         {Principal{PrincipalKind::operator_, "key_op", "ann", {}},
          Principal{PrincipalKind::partner, "key_p", world.owner_partner.id.get(), {}},
          Principal{PrincipalKind::owner, "key_o", "own_another", {}}}) {
        CHECK(contracts.sign(proposed.id, principal).error().code() ==
              ErrorCode::permission_denied);
    }
    CHECK(contracts.sign("rct_nothing", owner_key).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "contracts of one owner and currency never overlap") {
    REQUIRE(contracts.sign(propose(today, today + 10).value().id, owner_key).has_value());
    for (const auto& [first, end] :
         std::vector<std::pair<std::int64_t, std::optional<std::int64_t>>>{
             {today, today + 1}, {today + 9, today + 20}, {today + 5, std::nullopt}}) {
        const auto refused = contracts.sign(propose(first, end).value().id, owner_key);
        CHECK(refused.error().code() == ErrorCode::failed_precondition);
        CHECK(refused.error().message().find("end that one first") != std::string::npos);
    }
    const auto next = contracts.sign(propose(today + 10, {}).value().id, owner_key).value();
    CHECK(contracts.sign(propose(today + 90, {}).value().id, owner_key).has_error());
    REQUIRE(contracts.end(next.id, today + 90).has_value());
    CHECK(contracts.sign(propose(today + 90, {}).value().id, owner_key).has_value());
    CHECK(contracts.of(world.owner.id).value().size() == 7);
}

TEST_CASE_FIXTURE(Fixture, "a contract begins in the future and ends after it began") {
    CHECK(propose(today - 1, {}).error().message().find("has passed") != std::string::npos);
    CHECK(propose(today + 3, today + 3).error().code() == ErrorCode::invalid_argument);
    ledger::RevenueTerms wrong;
    wrong.split.platform = 1;
    CHECK(propose(today, {}, wrong).error().code() == ErrorCode::invalid_argument);
    const auto old = propose(today, {}).value();
    clock.advance(24h);
    CHECK(contracts.sign(old.id, owner_key).error().message().find("new proposal") !=
          std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a contract ends earlier than agreed, never later or in the past") {
    const auto contract = contracts.sign(propose(today, today + 10).value().id, owner_key).value();
    CHECK(contracts.end(contract.id, today).error().code() == ErrorCode::invalid_argument);
    CHECK(contracts.end(contract.id, today + 11).error().code() == ErrorCode::invalid_argument);
    CHECK(contracts.end(contract.id, today + 4).value().end_day == today + 4);
    CHECK(contracts.end(contract.id, today + 5).has_error());
}

TEST_CASE_FIXTURE(Fixture, "who joins with a code belongs to the partner whose code it is") {
    const auto partner = store->add_partner("Guild").value();
    const auto code = referrals.add_code(partner.id, "spring").value();
    const auto owner = referrals.add_owner("Moon Cafe", code.code).value();
    const auto customer = referrals.add_customer("Lab", code.code, {}).value();
    CHECK(store->owner(owner.id).value().referred_by == partner.id);
    CHECK(store->customer(customer.id).value().referred_by == partner.id);
    const auto brought = referrals.of(partner.id).value();
    REQUIRE(brought.size() == 2);
    CHECK(brought[0].name == "Moon Cafe");
    CHECK(brought[0].code == code.code);
    CHECK(brought[1].kind == ledger::PartyKind::customer);
    CHECK(brought[1].commission == Money{});
}

TEST_CASE_FIXTURE(Fixture, "a partner sees what each referral brought") {
    Acceptance stream;
    stream.meters.push_back(world.meter("s", {1'000}));
    (void)store->accept(std::span(&stream, 1)).value();
    const auto brought = referrals.of(world.owner_partner.id).value();
    REQUIRE(brought.size() == 1);
    CHECK(brought[0].id == world.owner.id.get());
    CHECK(brought[0].commission == Money{50});
    CHECK(referrals.of(PartnerId{"par_no"}).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "a revoked or unknown code brings nobody") {
    const auto partner = store->add_partner("Guild").value();
    const auto code = referrals.add_code(partner.id, "spring").value();
    CHECK(referrals.revoke_code(world.owner_partner.id, code.code).error().code() ==
          ErrorCode::not_found);
    REQUIRE(referrals.revoke_code(partner.id, code.code).has_value());
    const auto owners = store->owners().value().size();
    for (const std::string& text : {code.code, std::string("nothing")}) {
        CHECK(referrals.add_owner("X", text).error().code() == ErrorCode::invalid_argument);
    }
    CHECK(store->owners().value().size() == owners);
    CHECK(referrals.codes(partner.id).value()[0].revoked.has_value());
}
