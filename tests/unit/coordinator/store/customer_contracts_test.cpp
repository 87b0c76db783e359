/// Aim: a customer pays exactly the hours that machines worked for them, at the price that was
/// signed; what was promised and not given comes back; leaving costs what was shown before.

#include "coordinator/store/customer_contracts.h"

#include <doctest/doctest.h>

#include "coordinator/ledger/accounts.h"
#include "coordinator/store/earnings.h"
#include "coordinator/store/prices.h"
#include "coordinator/store/state.h"
#include "coordinator/store/tenants.h"
#include "shared/model/civil_day.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

constexpr std::int64_t yuan = 1'000'000;
constexpr std::int64_t hour_micros = 3'600'000'000;
const std::string card = "NVIDIA GeForce RTX 4060";

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {100'000 * yuan});
    Prices prices{*store};
    CustomerContracts contracts{*store};
    Principal customer_key;

    Fixture() {
        customer_key.kind = PrincipalKind::project;
        customer_key.customer = world.customer.id;
        customer_key.subject = world.project.id.get();
        customer_key.credential_id =
            store
                ->add_credential(PrincipalKind::project, world.project.id.get(), "k",
                                 gleaner::testing::fake_sha256(50))
                .value()
                .id;
        to("2026-11-30", 10);
        publish(2 * yuan);
    }
    /// Moves the clock on to that hour in Shanghai.
    void to(const char* date, int hour) {
        const WallTime at = start_of_day(*day_of_date(date)) + std::chrono::hours(hour);
        REQUIRE(at >= clock.wall());
        clock.advance(at - clock.wall());
    }
    void publish(std::int64_t hour_price, std::vector<ledger::TimeBand> bands = {}) {
        PriceOffer offer;
        auto& sold = offer.book.currencies[Currency::cny];
        sold.device_hours[card] = {hour_price};
        sold.models["demo"] = {hour_price, hour_price};
        offer.book.bands = std::move(bands);
        (void)prices.publish(offer).value();
        clock.advance(1us);
    }
    ContractWish hours(int count, std::int32_t devices = 1) {
        ContractWish wish;
        wish.project = world.project.id;
        wish.reserved = ReservedDevices{card, devices, PrivacyClass::any};
        wish.from = next_hour();
        wish.to = wish.from + std::chrono::hours(count);
        return wish;
    }
    ContractWish term(std::int32_t months, bool renews, std::int32_t devices = 1) {
        auto wish = hours(1, devices);
        wish.to.reset();
        wish.months = months;
        wish.renews = renews;
        return wish;
    }
    ContractWish commitment(std::int64_t monthly, std::int32_t months) {
        auto wish = term(months, false);
        wish.reserved.reset();
        wish.monthly = {monthly};
        return wish;
    }
    WallTime next_hour() { return {(clock.wall().micros / hour_micros + 1) * hour_micros}; }
    CustomerContract signed_contract(const ContractWish& wish) {
        const auto offer = contracts.offer(wish, {}, 10, "ops").value();
        return contracts.sign(offer.id, customer_key, 10).value();
    }
    /// A node works for it for so long in the hour that runs.
    void deliver(const CustomerContract& contract, std::size_t node, Duration time,
                 std::int32_t devices = 1) {
        DeliveredTime row;
        row.contract = contract.id;
        row.node = world.nodes[node];
        row.site = world.site.id;
        row.owner = world.owner.id;
        row.hour = clock.wall().micros / hour_micros;
        row.device_micros = time.count() * devices;
        row.reference_micros = row.device_micros / 2;
        REQUIRE(contracts.add_delivered({row}, {}, row.hour).has_value());
    }
    Money balance(const ledger::Account& account) {
        auto& state = store->state();
        return state.journal.balance(state.journal.account(account).value()).value();
    }
    Money credit() { return store->available_credit(world.customer.id).value(); }
    Money deposit(const CustomerContract& contract) {
        return balance(ledger::deposit_account(contract.id, Currency::cny));
    }
    Money pending() { return balance(ledger::pending_account(world.owner.id, Currency::cny)); }
    void check_books() {
        const auto report = store->check_ledger().value();
        CHECK(report.violations.empty());
        CHECK(report.sum == Money{});
    }
};

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
