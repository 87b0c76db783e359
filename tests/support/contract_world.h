#pragma once
/// A customer with a key and credit, machines and prices, for tests of contracts with customers.

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "coordinator/ledger/accounts.h"
#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/prices.h"
#include "coordinator/store/state.h"
#include "coordinator/store/statement_records.h"
#include "shared/model/civil_day.h"
#include "tests/support/store_world.h"

namespace gleaner::testing {

struct ContractWorld {
    static constexpr std::int64_t yuan = 1'000'000;
    static constexpr std::int64_t hour_micros = 3'600'000'000;
    static constexpr const char* card = "NVIDIA GeForce RTX 4060";

    ManualClock clock;
    std::unique_ptr<store::Store> store;
    StoreWorld world;
    store::Prices prices{*store};
    store::CustomerContracts contracts{*store};
    store::Principal customer_key;

    explicit ContractWorld(const std::string& path = ":memory:")
        : store(store::Store::open(path, store::Store::Mode::read_write, clock).value()),
          world(StoreWorld::fill(*store, clock, {100'000 * yuan})) {
        customer_key.kind = store::PrincipalKind::project;
        customer_key.customer = world.customer.id;
        customer_key.subject = world.project.id.get();
        customer_key.credential_id =
            store
                ->add_credential(store::PrincipalKind::project, world.project.id.get(), "k",
                                 fake_sha256(50))
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
        store::PriceOffer offer;
        auto& sold = offer.book.currencies[Currency::cny];
        sold.device_hours[card] = {hour_price};
        sold.models["demo"] = {hour_price, hour_price};
        offer.book.bands = std::move(bands);
        (void)prices.publish(offer).value();
        clock.advance(1us);
    }
    store::ContractWish hours(int count, std::int32_t devices = 1) {
        store::ContractWish wish;
        wish.project = world.project.id;
        wish.reserved = store::ReservedDevices{card, devices, PrivacyClass::any};
        wish.from = next_hour();
        wish.to = wish.from + std::chrono::hours(count);
        return wish;
    }
    store::ContractWish term(std::int32_t months, bool renews, std::int32_t devices = 1) {
        auto wish = hours(1, devices);
        wish.to.reset();
        wish.months = months;
        wish.renews = renews;
        return wish;
    }
    store::ContractWish commitment(std::int64_t monthly, std::int32_t months) {
        auto wish = term(months, false);
        wish.reserved.reset();
        wish.monthly = {monthly};
        return wish;
    }
    WallTime next_hour() { return {(clock.wall().micros / hour_micros + 1) * hour_micros}; }
    store::CustomerContract signed_contract(const store::ContractWish& wish) {
        const auto offer = contracts.offer(wish, {}, 10, "ops").value();
        return contracts.sign(offer.id, customer_key, 10).value();
    }
    /// A node works for it for so long in the hour that runs.
    void deliver(const store::CustomerContract& contract, std::size_t node, Duration time,
                 std::int32_t devices = 1) {
        store::DeliveredTime row;
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
    Money deposit(const store::CustomerContract& contract) {
        return balance(ledger::deposit_account(contract.id, Currency::cny));
    }
    Money pending() { return balance(ledger::pending_account(world.owner.id, Currency::cny)); }
    void check_books() {
        const auto report = store->check_ledger().value();
        for (const auto& violation : report.violations) MESSAGE(violation);
        CHECK(report.violations.empty());
        CHECK(report.sum == Money{});
    }
};

/// Each meter record of a customer's reserved hours costs the time that its machine gave at the
/// price that was signed for the hour's beginning, half up. Returns how many there are.
inline int check_reserved_hours(store::Store& store, const CustomerId& customer, WallTime until) {
    const auto of_customer = store::CustomerContracts(store).of(customer).value();
    const store::StatementOf all{
        ledger::PartyKind::customer, customer.get(), Currency::cny, {}, until};
    store::LineFilter hours;
    hours.subject = ledger::reserved_work;
    int count = 0;
    for (std::int64_t after = 0;;) {
        const auto page =
            store::StatementRecords(store).records(all, hours, after, store::line_rows_max).value();
        if (page.empty()) return count;
        after = page.back().number;
        for (const auto& record : page) {
            // r:CONTRACT:HOUR:NODE
            const auto end = record.attempt.find(':', 2);
            const auto contract = std::ranges::find(of_customer, record.attempt.substr(2, end - 2),
                                                    &store::CustomerContract::id);
            REQUIRE(contract != of_customer.end());
            const WallTime hour{std::stoll(record.attempt.substr(end + 1)) *
                                ContractWorld::hour_micros};
            REQUIRE(contract->wish.from <= hour);
            REQUIRE((!contract->ends || hour < *contract->ends));
            const double exact = static_cast<double>(contract->price_at(hour).at(hour).micros) *
                                 static_cast<double>(record.device_micros) /
                                 static_cast<double>(ContractWorld::hour_micros);
            REQUIRE(std::abs(static_cast<double>(record.price.micros) - exact) <= 0.501);
            ++count;
        }
    }
}

}  // namespace gleaner::testing
