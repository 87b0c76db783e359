/// Aim: a customer pays exactly the hours that machines worked for them, at the price that was
/// signed; what was promised and not given comes back.

#include <algorithm>

#include <doctest/doctest.h>

#include "coordinator/store/closes.h"
#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/earnings.h"
#include "coordinator/store/tenants.h"
#include "tests/support/contract_world.h"

using namespace gleaner;
using namespace gleaner::store;
using Fixture = gleaner::testing::ContractWorld;

TEST_CASE_FIXTURE(Fixture, "hours are billed once, by what was given, at the price of the hour") {
    ledger::TimeBand night{"night", 22 * 60, 8 * 60, ledger::every_day, 5'000};
    publish(2 * yuan, {night});
    to("2026-11-30", 20);
    const auto contract = signed_contract(hours(3, 2));  // 21:00 to 24:00
    CHECK(contracts.running(clock.wall()).value().empty());
    publish(9 * yuan);  // changes nothing: the price is locked

    to("2026-11-30", 21);
    REQUIRE(contracts.running(clock.wall()).value().size() == 1);
    CHECK(contracts.running(clock.wall()).value().front().funded);
    deliver(contract, 0, 1h);
    deliver(contract, 1, 30min);
    const Money before = credit();
    CHECK(contracts.bill_hours().has_value());
    CHECK(credit() == before);  // the hour is not over
    to("2026-11-30", 22);
    deliver(contract, 0, 1h, 3);  // a machine with more devices than were asked for
    CHECK(contracts.bill_hours().has_value());
    CHECK(contracts.bill_hours().has_value());
    CHECK(credit() == before - Money{3 * yuan});
    to("2026-12-01", 0);
    CHECK(contracts.running(clock.wall()).value().empty());
    CHECK(contracts.bill_hours().has_value());
    CHECK(credit() == before - Money{3 * yuan} - Money{2 * yuan});  // two devices, half the price
    CHECK(pending() == Money{5 * yuan * 7 / 10});
    const auto report = contracts.availability(contract.id, *month_of_text("2026-11")).value();
    CHECK(report.delivered.promised_micros == 6 * hour_micros);
    CHECK(report.delivered.delivered_micros == 2 * hour_micros + hour_micros * 3 / 2);
    CHECK(report.charged == Money{5 * yuan});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a contract that cannot be billed keeps nobody from others' pay") {
    const auto broken = signed_contract(hours(5));
    const auto sound = signed_contract(hours(5));
    clock.advance(1h);
    DeliveredTime wrong;
    wrong.contract = broken.id;
    wrong.node = world.nodes[0];
    wrong.site = world.site.id;
    wrong.owner = store->add_owner("Not the machine's", {}).value().id;
    wrong.hour = clock.wall().micros / hour_micros;
    wrong.device_micros = hour_micros;
    REQUIRE(contracts.add_delivered({wrong}, {}, wrong.hour).has_value());
    deliver(sound, 1, 1h);
    clock.advance(1h);
    const Money before = credit();
    REQUIRE(contracts.bill_hours().has_value());
    CHECK(credit() == before - Money{2 * yuan});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "what comes late for a billed hour counts to the next one") {
    const auto contract = signed_contract(hours(5));
    clock.advance(1h);
    DeliveredTime late;
    late.contract = contract.id;
    late.node = world.nodes[0];
    late.site = world.site.id;
    late.owner = world.owner.id;
    late.hour = clock.wall().micros / hour_micros;
    late.device_micros = hour_micros / 2;
    clock.advance(1h);
    REQUIRE(contracts.bill_hours().has_value());
    const Money before = credit();
    REQUIRE(contracts.add_delivered({late}, {}, late.hour + 1).has_value());
    clock.advance(1h);
    REQUIRE(contracts.bill_hours().has_value());
    CHECK(credit() == before - Money{yuan});
}

TEST_CASE_FIXTURE(Fixture, "a missed promise is credited once with the month's last day") {
    const auto contract = signed_contract(hours(10));
    for (int hour = 0; hour < 10; ++hour) {
        clock.advance(1h);
        deliver(contract, 0, 57min);  // 95.00 %
    }
    to("2026-12-01", 0);
    const std::int64_t day = *day_of_date("2026-11-30");
    REQUIRE(settle_contracts(*store, day - 1).has_value());
    REQUIRE(contracts.bill_hours().has_value());
    const Money before = credit();
    REQUIRE(settle_contracts(*store, day).has_value());
    REQUIRE(settle_contracts(*store, day).has_value());
    CHECK(credit() == before + Money{19 * yuan / 10});
    CHECK(contracts.availability(contract.id, *month_of_text("2026-11")).value().credited);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "time that nobody could pay for was not promised") {
    const auto contract = signed_contract(hours(2));
    clock.advance(1h);
    REQUIRE(Tenants(*store)
                .refund(world.customer.id, credit() - Money{yuan}, "back", Currency::cny)
                .has_value());
    REQUIRE(contracts.running(clock.wall()).value().size() == 1);
    CHECK(!contracts.running(clock.wall()).value().front().funded);
    const std::int64_t hour = clock.wall().micros / hour_micros;
    REQUIRE(contracts.add_delivered({}, {{contract.id, hour_micros}}, hour).has_value());
    clock.advance(2h);
    REQUIRE(contracts.bill_hours().has_value());
    const auto report = contracts.availability(contract.id, *month_of_text("2026-11")).value();
    CHECK(report.delivered.promised_micros == hour_micros);
}

TEST_CASE_FIXTURE(Fixture, "owners get their shares of reserved hours, and can lose them") {
    const auto contract = signed_contract(hours(2));
    clock.advance(1h);
    deliver(contract, 0, 1h);
    clock.advance(1h);
    REQUIRE(contracts.bill_hours().has_value());
    const Money paid = credit();
    CHECK(pending() == Money{14 * yuan / 10});
    REQUIRE(Earnings(*store).withhold(world.nodes[0], "cheated").has_value());
    REQUIRE(Earnings(*store).claw_back(world.nodes[0], "ops", "cheated").has_value());
    CHECK(pending() == Money{});
    CHECK(credit() == paid + Money{2 * yuan});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "an hour that had begun when it was signed is promised from then on") {
    auto wish = hours(2);
    wish.from = wish.from - 1h;
    clock.advance(45min);
    const auto contract = signed_contract(wish);
    deliver(contract, 0, 15min);
    clock.advance(2h);
    REQUIRE(contracts.bill_hours().has_value());
    const auto report = contracts.availability(contract.id, *month_of_text("2026-11")).value();
    CHECK(report.delivered.promised_micros == hour_micros + hour_micros / 4 - 1);
    CHECK(report.delivered.delivered_micros == hour_micros / 4 - 1);
}

TEST_CASE_FIXTURE(Fixture, "what a customer's reservations need together is there once") {
    const auto first = signed_contract(hours(5));
    const auto second = signed_contract(hours(5));
    clock.advance(1h);
    REQUIRE(Tenants(*store)
                .refund(world.customer.id, credit() - Money{3 * yuan}, "back", Currency::cny)
                .has_value());
    const auto funded = [&] {
        const auto running = contracts.running(clock.wall()).value();
        return std::ranges::count_if(running, &RunningReservation::funded);
    };
    CHECK(funded() == 1);
    REQUIRE(store->top_up(world.customer.id, {yuan}, "more").has_value());
    CHECK(funded() == 2);
}

TEST_CASE_FIXTURE(Fixture, "hours of machines are no part of a commitment to buy work") {
    const auto commitment_ = signed_contract(commitment(300 * yuan, 1));
    const auto machines = signed_contract(hours(3));
    clock.advance(1h);
    deliver(machines, 0, 1h);
    Acceptance answer;
    answer.meters.push_back(world.meter("work", {4 * yuan}));
    REQUIRE(store->accept(std::span(&answer, 1)).has_value());
    clock.advance(1h);
    REQUIRE(contracts.bill_hours().has_value());
    to("2026-12-01", 1);
    REQUIRE(contracts.bill_hours().has_value());
    const Money before = credit();
    REQUIRE(settle_contracts(*store, *day_of_date("2026-11-30")).has_value());
    CHECK(credit() == before - Money{(10 - 4) * yuan} + Money{yuan});  // and a third was there
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "an hour that its meter records do not explain is found") {
    const auto contract = signed_contract(hours(2));
    clock.advance(1h);
    deliver(contract, 0, 1h);
    clock.advance(1h);
    REQUIRE(contracts.bill_hours().has_value());
    check_books();
    to("2026-12-01", 1);
    Closes closes(*store);
    const std::int64_t day = *day_of_date("2026-11-30");
    for (auto next = *closes.progress().value().next_day(); next <= day; ++next)
        (void)closes.run({ledger::PeriodKind::day, next}, "bookkeeper").value();
    const auto reconciled = [&] {
        return closes.reconcile({ledger::PeriodKind::day, day}).value().mismatches;
    };
    CHECK(reconciled().empty());
    const std::string hour = "hour " + std::to_string(contract.wish.from.micros / hour_micros) +
                             " of contract " + contract.id + " was billed with ";
    auto& database = *store->state().database;
    database.execute("UPDATE reserved_hours SET charged = charged + 1").value();
    const std::string dearer = hour + "2.000001, its meter records say 2.000000";
    CHECK(store->check_ledger().value().violations == std::vector{dearer});
    CHECK(reconciled() == std::vector{dearer});
    database.execute("UPDATE reserved_hours SET charged = charged - 1, delivered = 7").value();
    const std::string shorter = hour + "2.000000, its meter records say 2.000000";
    CHECK(store->check_ledger().value().violations == std::vector{shorter});
    CHECK(reconciled() == std::vector{shorter});
    database.execute("DELETE FROM reserved_hours").value();
    const std::string unknown = hour + "0.000000, its meter records say 2.000000";
    CHECK(store->check_ledger().value().violations == std::vector{unknown});
    CHECK(reconciled() == std::vector{unknown});
}
