/// Aim: what a customer binds themselves to was shown before, is signed once, and costs what was
/// said to change or to leave.

#include "coordinator/store/customer_contracts.h"

#include <doctest/doctest.h>

#include "coordinator/store/tenants.h"
#include "tests/support/contract_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;
using Fixture = gleaner::testing::ContractWorld;

namespace {

bool says(const Error& error, const char* what) {
    INFO(error.message());
    return error.message().find(what) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an offer shows all that follows from it, and costs nothing") {
    const auto offer = contracts.offer(term(2, true, 3), {}, 10, "ops").value();
    CHECK(offer.state(clock.wall()) == ContractState::offered);
    CHECK(offer.terms.monthly == Money{3 * 720 * 2 * yuan});
    CHECK(offer.terms.deposit == Money{3 * 360 * 2 * yuan});
    CHECK(offer.terms.reprice_threshold == 2'000);
    const auto choices = contracts.choices(offer.id).value();
    CHECK(choices.remaining.whole_months == 2);
    CHECK(choices.terminate.penalty == Money{2 * 3 * 720 * 2 * yuan * 3 / 10});
    CHECK(!choices.reprice.open);
    CHECK(credit() == Money{100'000 * yuan});
    CHECK(contracts.running(offer.wish.from).value().empty());
    CHECK(contracts.of(world.customer.id).value().size() == 1);
    CHECK(contracts.all().value().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "what cannot be promised is refused with a sentence") {
    const auto refused = [&](const ContractWish& wish, std::int64_t connected, const char* why) {
        const auto offer = contracts.offer(wish, {}, connected, "ops");
        REQUIRE(offer.has_error());
        CHECK(says(offer.error(), why));
    };
    refused(hours(3), 0, "no machine with 'NVIDIA GeForce RTX 4060' is here");
    refused(hours(3, 11), 10, "too many for that time: 10 are here, 0 of them are promised");
    auto wish = hours(3);
    wish.reserved->device_class = "Riva TNT";
    refused(wish, 5, "does not sell hours of 'Riva TNT'");
    wish = hours(3);
    wish.reserved->privacy = PrivacyClass::own;
    refused(wish, 5, "own machines need no reservation");
    wish = hours(3, 0);
    refused(wish, 5, "1 to 10000 devices");
    wish = hours(0);
    refused(wish, 5, "says when it ends");
    wish = hours(3);
    wish.from = wish.from + 1us;
    refused(wish, 5, "whole hour");
    wish = hours(3);
    wish.from = wish.from - 24h;
    refused(wish, 5, "which has passed");
    wish = hours(24 * 100);
    refused(wish, 5, "at most 3 months");
    refused(term(4, false), 5, "1 to 3 months");
    wish = term(1, false);
    wish.to = wish.from + 24h;
    refused(wish, 5, "says by itself when it ends");
    refused(commitment(0, 1), 5, "above zero");
    refused(commitment(1, 0), 5, "has a term");
    wish = hours(3);
    wish.project = ProjectId{"proj_unknown"};
    CHECK(contracts.offer(wish, {}, 5, "ops").error().code() == ErrorCode::not_found);
    CHECK(contracts.all().value().empty());
}

TEST_CASE_FIXTURE(Fixture, "only the customer signs, in time, with credit, and once") {
    auto offer = contracts.offer(term(1, false), {}, 10, "ops").value();
    Principal other = customer_key;
    other.customer = CustomerId{"cus_other"};
    CHECK(contracts.sign(offer.id, other, 10).error().code() == ErrorCode::permission_denied);
    Principal operator_ = customer_key;
    operator_.kind = PrincipalKind::operator_;
    CHECK(contracts.sign(offer.id, operator_, 10).error().code() == ErrorCode::permission_denied);

    CHECK(contracts.sign(offer.id, customer_key, 10).has_value());
    CHECK(contracts.sign(offer.id, customer_key, 10).has_value());
    CHECK(deposit(offer) == offer.terms.deposit);
    CHECK(credit() == Money{100'000 * yuan} - offer.terms.deposit);

    offer = contracts.offer(hours(48), {}, 10, "ops").value();
    clock.advance(25h);
    CHECK(says(contracts.sign(offer.id, customer_key, 10).error(), "was good until"));
    CHECK(contracts.read(offer.id).value().state(clock.wall()) == ContractState::expired);

    offer = contracts.offer(term(3, true, 9), {.deposit_days = 90}, 10, "ops").value();
    REQUIRE(Tenants(*store)
                .refund(world.customer.id, credit() - offer.terms.deposit, "back", Currency::cny)
                .has_value());
    CHECK(says(contracts.sign(offer.id, customer_key, 10).error(), "top up first"));
    CHECK(deposit(offer) == Money{});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "what is promised to one customer is not promised to another") {
    const auto first = contracts.offer(hours(10, 6), {}, 10, "ops").value();
    const auto second = contracts.offer(hours(10, 6), {}, 10, "ops").value();
    CHECK(contracts.sign(first.id, customer_key, 10).has_value());
    CHECK(says(contracts.sign(second.id, customer_key, 10).error(),
               "6 of them are promised to others"));
    auto later = hours(10, 6);
    later.from = later.from + 10h;
    later.to = *later.to + 10h;
    CHECK(contracts.offer(later, {}, 10, "ops").has_value());
    later.from = later.from - 1h;
    CHECK(contracts.offer(later, {}, 10, "ops").has_error());
    CHECK(contracts.offer(hours(24, 5), {}, 10, "ops").has_error());
    CHECK(contracts.offer(hours(24, 4), {}, 10, "ops").has_value());
}

TEST_CASE_FIXTURE(Fixture, "a falling market opens the repricing clause, for its fee") {
    const auto contract = signed_contract(term(2, false));
    clock.advance(1h);
    publish(1'600'000);  // 20 % less: not more than the threshold
    CHECK(says(contracts.reprice(contract.id, {}).error(), "have not fallen by more than 20 %"));
    publish(yuan);
    const auto choices = contracts.choices(contract.id).value();
    REQUIRE(choices.reprice.open);
    const Money fee = choices.reprice.fee;
    CHECK(fee == Money{(choices.reprice.saved.micros) / 5});
    CHECK(says(contracts.reprice(contract.id, fee - Money{1}).error(), "look at it again"));
    const Money before = credit();
    const auto repriced = contracts.reprice(contract.id, fee).value();
    CHECK(credit() == before - fee);
    CHECK(repriced.prices.size() == 2);
    CHECK(repriced.price_at(clock.wall()).monthly == Money{720 * yuan});
    CHECK(contracts.reprice(contract.id, fee).has_error());  // they have not fallen since
    // The hour that runs has the price at its beginning, the next one the new price.
    deliver(contract, 0, 30min);
    clock.advance(1h);
    deliver(contract, 0, 30min);
    clock.advance(1h);
    REQUIRE(contracts.bill_hours().has_value());
    CHECK(credit() == before - fee - Money{yuan} - Money{yuan / 2});
    check_books();
}

TEST_CASE_FIXTURE(Fixture,
                  "leaving early costs the penalty that was shown, from the deposit first") {
    const auto contract = signed_contract(term(1, false));
    to("2026-12-15", 11);
    const Money before = credit();
    const auto choices = contracts.choices(contract.id).value();
    CHECK(choices.terminate.penalty > Money{});
    CHECK(choices.terminate.from_deposit == choices.terminate.penalty);
    CHECK(contracts.terminate(contract.id, {}, "key_1").has_error());
    REQUIRE(contracts.terminate(contract.id, choices.terminate.penalty, "key_1").has_value());
    REQUIRE(contracts.terminate(contract.id, choices.terminate.penalty, "key_1").has_value());
    CHECK(credit() == before + choices.terminate.deposit_returned);
    CHECK(deposit(contract) == Money{});
    CHECK(contracts.running(clock.wall()).value().empty());
    CHECK(contracts.end(contract.id).has_error());
    clock.advance(1h);
    REQUIRE(contracts.bill_hours().has_value());
    CHECK(credit() == before + choices.terminate.deposit_returned);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "hours are given back for nothing before they begin") {
    auto wish = hours(4);
    wish.from = wish.from + 2h;
    wish.to = *wish.to + 2h;
    const auto contract = signed_contract(wish);
    CHECK(contracts.choices(contract.id).value().terminate.penalty == Money{});
    REQUIRE(contracts.terminate(contract.id, {}, "key_1").has_value());
    clock.advance(10h);
    REQUIRE(contracts.bill_hours().has_value());
    CHECK(credit() == Money{100'000 * yuan});
    CHECK(contracts.availability(contract.id, *month_of_text("2026-11"))
              .value()
              .delivered.promised_micros == 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "a term renews month by month until it is told not to; the deposit returns") {
    const auto contract = signed_contract(term(1, true));
    const Money held = deposit(contract);
    REQUIRE(held > Money{});
    to("2027-02-10", 0);
    REQUIRE(contracts.bill_hours().has_value());
    CHECK(contracts.running(clock.wall()).value().size() == 1);
    const auto ending = contracts.end(contract.id).value();
    CHECK(*ending.ends == ledger::contract_month(contract.wish.from, 3));
    CHECK(contracts.end(contract.id).value().ends == ending.ends);
    clock.advance(*ending.ends - clock.wall());
    CHECK(contracts.running(clock.wall()).value().empty());
    CHECK(deposit(contract) == held);
    REQUIRE(contracts.bill_hours().has_value());
    CHECK(deposit(contract) == Money{});
    CHECK(contracts.read(contract.id).value().state(clock.wall()) == ContractState::ended);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a commitment locks the price book and is paid to its amount") {
    CHECK(!contracts.locked_book(world.project.id, clock.wall()).value());
    const auto contract = signed_contract(commitment(300 * yuan, 2));
    clock.advance(1h);
    const auto locked = contracts.locked_book(world.project.id, clock.wall()).value();
    REQUIRE(locked);
    CHECK(*locked == contract.prices.front().hour.version);
    publish(yuan);
    CHECK(contracts.locked_book(world.project.id, clock.wall()).value() == locked);
    // Nothing was used: nothing says how much cheaper it would be.
    CHECK(!contracts.choices(contract.id).value().reprice.open);
    CHECK(contracts.reprice(contract.id, {}).has_error());

    to("2026-12-01", 1);
    const Money before = credit();
    const std::int64_t day = *day_of_date("2026-11-30");
    REQUIRE(settle_contracts(*store, day).has_value());
    REQUIRE(settle_contracts(*store, day).has_value());
    CHECK(credit() == before - Money{10 * yuan});  // one day of thirty
    to("2027-02-01", 1);
    REQUIRE(settle_contracts(*store, *day_of_date("2027-01-31")).has_value());
    CHECK(deposit(contract) == Money{});
    CHECK(!contracts.locked_book(world.project.id, clock.wall()).value());
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a project has one commitment at a time") {
    const auto first = contracts.offer(commitment(300 * yuan, 1), {}, 0, "ops").value();
    const auto second = contracts.offer(commitment(200 * yuan, 2), {}, 0, "ops").value();
    CHECK(contracts.sign(first.id, customer_key, 0).has_value());
    CHECK(says(contracts.sign(second.id, customer_key, 0).error(), "has a commitment"));
    CHECK(says(contracts.offer(commitment(1, 1), {}, 0, "ops").error(), "has a commitment"));
    auto later = commitment(200 * yuan, 1);
    later.from = ledger::contract_month(first.wish.from, 1);
    CHECK(contracts.offer(later, {}, 0, "ops").has_value());
    later.from = later.from - 1h;
    CHECK(contracts.offer(later, {}, 0, "ops").has_error());
    later.project = store->add_project(world.customer.id, "other").value().id;
    CHECK(contracts.offer(later, {}, 0, "ops").has_value());
}

TEST_CASE_FIXTURE(Fixture, "who leaves gets the deposit back at once, whatever leaving costs") {
    const ContractClauses free{.termination_penalty = 0};
    auto wish = commitment(300 * yuan, 2);
    wish.from = wish.from + std::chrono::hours(24 * 60);
    for (const auto& clauses : {free, ContractClauses{}}) {
        const Money before = credit();
        const auto offer = contracts.offer(wish, clauses, 0, "ops").value();
        REQUIRE(contracts.sign(offer.id, customer_key, 0).has_value());
        CHECK(deposit(offer) == Money{150 * yuan});
        const Money penalty = contracts.choices(offer.id).value().terminate.penalty;
        REQUIRE(contracts.terminate(offer.id, penalty, "key_1").has_value());
        CHECK(deposit(offer) == Money{});
        CHECK(credit() == before - penalty);
        check_books();
    }
    // It never began: no month of it is ever settled.
    to("2027-03-01", 1);
    const Money left = credit();
    for (const char* last : {"2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"})
        REQUIRE(settle_contracts(*store, *day_of_date(last)).has_value());
    CHECK(credit() == left);
}

TEST_CASE("whoever only reads the books sees contracts with what is held for them") {
    const gleaner::testing::TemporaryFolder folder;
    const std::string path = folder.path() / "gleaner.db";
    Fixture fixture(path);
    const auto contract = fixture.signed_contract(fixture.term(1, false));
    const auto offer = fixture.contracts.offer(fixture.term(1, false), {}, 10, "ops").value();
    auto reader = Store::open(path, Store::Mode::read_only, fixture.clock).value();
    CustomerContracts contracts(*reader);
    CHECK(contracts.read(contract.id).value().deposit_held == contract.terms.deposit);
    CHECK(contracts.read(offer.id).value().deposit_held == Money{});
    CHECK(contracts.of(fixture.world.customer.id).value().size() == 2);
    CHECK(contracts.all().value().size() == 2);
    CHECK(contracts.choices(contract.id).has_value());
    CHECK(contracts.running(contract.wish.from).value().size() == 1);
    CHECK(contracts.availability(contract.id, *month_of_text("2026-11")).has_value());
}

TEST_CASE_FIXTURE(Fixture, "a deposit that its contract does not explain is found") {
    const auto contract = signed_contract(term(1, false));
    auto& database = *store->state().database;
    REQUIRE(store->check_ledger().value().violations.empty());
    database.execute("UPDATE customer_contracts SET settled = 1").value();
    const auto found = store->check_ledger().value().violations;
    REQUIRE(found.size() == 1);
    CHECK(found[0] ==
          "account deposit:" + contract.id + " holds 720.000000, its contract says 0.000000");
}
