/// Aim: what was earned is confirmed once, whatever is withheld, reversed or repeated meanwhile,
/// and every reversal gives back exactly what was charged.

#include "coordinator/store/earnings.h"

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "coordinator/store/contracts.h"
#include "coordinator/store/metering.h"
#include "coordinator/store/referrals.h"
#include "shared/model/civil_day.h"
#include "shared/util/random.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {1'000'000'000});
    Earnings earnings{*store};
    int streams = 0;

    std::int64_t today() const { return day_of(clock.wall()); }

    RequestId work(Money price, std::size_t node = 0) {
        Acceptance stream;
        auto meter = world.meter("s" + std::to_string(++streams), price, node);
        stream.outcome.request = meter.request;
        stream.receipt_json = R"({"created":)" + std::to_string(clock.wall().seconds()) + "}";
        stream.meters.push_back(std::move(meter));
        (void)store->accept(std::span(&stream, 1)).value();
        return stream.outcome.request;
    }
    ledger::Statement owner() {
        return store->owner_statement(world.owner.id, {}, clock.wall() + 1h).value();
    }
    ledger::Statement partner(const PartnerId& id) {
        return store->partner_statement(id, {}, clock.wall() + 1h).value();
    }
    Money confirmed() {
        const auto statement = owner();
        return statement.closing - statement.pending;
    }
    Money credit() { return store->available_credit(world.customer.id).value(); }
    void check() {
        const auto report = store->check_ledger().value();
        for (const auto& violation : report.violations) MESSAGE(violation);
        REQUIRE(report.violations.empty());
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "shares are pending until their day is confirmed, and then once") {
    work({1'000});
    clock.advance(24h);
    work({500});
    CHECK(owner().pending == Money{1'050});
    CHECK(confirmed() == Money{});
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    CHECK(owner().pending == Money{350});
    CHECK(confirmed() == Money{700});
    CHECK(partner(world.owner_partner.id).pending == Money{25});
    CHECK(partner(world.owner_partner.id).closing == Money{75});
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    CHECK(confirmed() == Money{700});
    CHECK(earnings.confirmed_through().value() == today() - 1);
    check();
}

TEST_CASE_FIXTURE(Fixture, "a day that is not over is not confirmed") {
    work({1'000});
    const auto status = earnings.confirm_through(today());
    CHECK(status.error().code() == ErrorCode::invalid_argument);
    CHECK(confirmed() == Money{});
}

TEST_CASE_FIXTURE(Fixture, "nothing to confirm is nothing done") {
    clock.advance(48h);
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    CHECK(!earnings.confirmed_through().value());
}

TEST_CASE_FIXTURE(Fixture,
                  "a withheld node's shares stay pending while the others' are confirmed") {
    work({1'000}, 0);
    work({2'000}, 1);
    REQUIRE(earnings.withhold(world.nodes[1], "missed two checks").has_value());
    REQUIRE(earnings.withhold(world.nodes[1], "again").has_value());
    clock.advance(24h);
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    CHECK(confirmed() == Money{700});
    CHECK(owner().pending == Money{1'400});
    check();
    const auto open = earnings.withheld(10).value();
    REQUIRE(open.size() == 1);
    CHECK(open[0].reason == "missed two checks");
    CHECK(open[0].owner == world.owner.id);

    REQUIRE(earnings.release(world.nodes[1], "ann").has_value());
    CHECK(confirmed() == Money{2'100});
    CHECK(owner().pending == Money{});
    CHECK(partner(world.customer_partner.id).pending == Money{});
    CHECK(earnings.release(world.nodes[1], "ann").error().code() == ErrorCode::failed_precondition);
    CHECK(earnings.withheld(10).value()[0].decision == "released");
    check();
}

TEST_CASE_FIXTURE(Fixture, "a claw back returns the price to customers and takes every share") {
    work({1'000}, 0);
    work({2'000}, 1);
    REQUIRE(earnings.withhold(world.nodes[1], "cheats").has_value());
    clock.advance(24h);
    work({300}, 1);
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    const auto before = credit();
    const auto back = earnings.claw_back(world.nodes[1], "ann", "wrong answers").value();
    CHECK(back.records == 2);
    CHECK(back.price == Money{2'300});
    CHECK(credit() == before + Money{2'300});
    CHECK(owner().pending == Money{});
    CHECK(confirmed() == Money{700});
    CHECK(partner(world.owner_partner.id).closing == Money{50});
    check();
    CHECK(earnings.claw_back(world.nodes[1], "ann", "again").error().code() ==
          ErrorCode::failed_precondition);
    // Work that comes later the same day is new work.
    work({100}, 1);
    CHECK(owner().pending == Money{70});
    clock.advance(24h);
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    CHECK(confirmed() == Money{770});
    check();
}

TEST_CASE_FIXTURE(Fixture, "a broken answer is given back once, before or after confirmation") {
    const auto first = work({1'000});
    const auto second = work({2'000});
    const auto start = credit();
    CHECK(earnings.refund(first, "ann", "broken").value().price == Money{1'000});
    CHECK(earnings.refund(first, "ann", "broken").value().records == 0);
    CHECK(credit() == start + Money{1'000});
    CHECK(owner().pending == Money{1'400});
    clock.advance(24h);
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    CHECK(confirmed() == Money{1'400});
    check();
    CHECK(earnings.refund(second, "ann", "broken, too").value().price == Money{2'000});
    CHECK(confirmed() == Money{});
    CHECK(partner(world.owner_partner.id).closing == Money{});
    CHECK(credit() == start + Money{3'000});
    check();
    CHECK(earnings.refund(RequestId{"req_nothing"}, "ann", "why").error().code() ==
          ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "a node sees which of its days are confirmed, and what was taken back") {
    const auto first = work({1'000}, 1);
    clock.advance(24h);
    work({500}, 1);
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    auto days = store->node_days(world.nodes[1], today() - 1).value();
    REQUIRE(days.size() == 2);
    CHECK(days[0].confirmed == Money{700});
    CHECK(days[0].pending == Money{});
    CHECK(days[1].confirmed == Money{});
    CHECK(days[1].pending == Money{350});
    REQUIRE(earnings.refund(first, "ann", "broken").has_value());
    REQUIRE(earnings.withhold(world.nodes[1], "a check").has_value());
    clock.advance(24h);
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    days = store->node_days(world.nodes[1], today() - 2).value();
    CHECK(days[0].confirmed == Money{});
    CHECK(days[1].confirmed == Money{});
    CHECK(days[1].pending == Money{350});
}

TEST_CASE_FIXTURE(Fixture, "a partner gets no more from a referral in a month than the cap") {
    Referrals referrals(*store);
    REQUIRE(referrals.set_cap(world.owner_partner.id, Currency::cny, {60}).has_value());
    const auto first = work({1'000});
    clock.advance(24h);
    work({1'000});
    clock.advance(24h);
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    auto capped = partner(world.owner_partner.id);
    CHECK(capped.closing == Money{60});
    CHECK(capped.pending == Money{});
    CHECK(store->platform_statement({}, clock.wall() + 1h).value().closing == Money{440});
    // What is taken back is filled up by what the cap had cut off.
    REQUIRE(earnings.refund(first, "ann", "broken").has_value());
    CHECK(partner(world.owner_partner.id).closing == Money{50});
    check();
    clock.advance(24h * 31);
    work({1'000});
    clock.advance(24h);
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    CHECK(partner(world.owner_partner.id).closing == Money{100});
    CHECK(referrals.set_cap(world.owner_partner.id, Currency::cny, {-1}).has_error());
    check();
}

TEST_CASE_FIXTURE(Fixture,
                  "a contract's split holds on its days, and its tiers with a month's end") {
    RevenueContracts contracts(*store);
    ledger::RevenueTerms terms;
    terms.split = {7'500, 500, 500, 1'500};
    terms.tiers = {{{10'000}, 8'500}};
    const auto month = month_of(today()).next();
    const auto contract = contracts
                              .propose(world.owner.id, Currency::cny, terms, first_day(month),
                                       first_day(month.next()) + 5, "ann")
                              .value();
    const Principal owner_key{PrincipalKind::owner, world.owner_key.id, world.owner.id.get(), {}};
    REQUIRE(contracts.sign(contract.id, owner_key).has_value());
    work({1'000});
    CHECK(owner().pending == Money{700});
    clock.advance(start_of_day(first_day(month)) - clock.wall());
    work({30'000});
    CHECK(owner().pending == Money{700 + 22'500});
    clock.advance(start_of_day(first_day(month.next())) - clock.wall());
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    CHECK(confirmed() == Money{700 + 22'500 + 2'000});
    work({1'000});
    CHECK(owner().pending == Money{750});
    clock.advance(24h * 5);
    work({1'000});
    CHECK(owner().pending == Money{750 + 700});
    check();
}

TEST_CASE_FIXTURE(Fixture,
                  "a guarantee fills up a month, for hours of machines that were checked") {
    RevenueContracts contracts(*store);
    ledger::RevenueTerms terms;
    terms.guarantee = {{1'000'000}, 100};
    const auto month = month_of(today()).next();
    const auto contract =
        contracts
            .propose(world.owner.id, Currency::cny, terms, first_day(month), std::nullopt, "ann")
            .value();
    const Principal owner_key{PrincipalKind::owner, world.owner_key.id, world.owner.id.get(), {}};
    REQUIRE(contracts.sign(contract.id, owner_key).has_value());
    clock.advance(start_of_day(first_day(month)) - clock.wall());
    constexpr std::int64_t hour = 3'600'000'000;
    DeviceUse busy;
    busy.idle_micros = 49 * hour;
    busy.useful_micros = 1 * hour;
    DeviceUse present;  // never checked, never used: it earns nothing
    present.idle_micros = 600 * hour;
    const std::pair<NodeId, DeviceUse> rows[] = {{world.nodes[0], busy}, {world.nodes[1], present}};
    REQUIRE(Metering(*store).add_use(today(), rows).has_value());
    work({100'000});
    clock.advance(start_of_day(first_day(month.next())) - clock.wall());
    REQUIRE(earnings.confirm_through(today() - 1).has_value());
    // 50 of 100 hours: half of the guarantee, of which 70 000 came as shares.
    CHECK(confirmed() == Money{500'000});
    check();
}

/// Method: random operations from fixed seeds, and the whole ledger recomputed after some of them.
TEST_CASE("the books hold after any sequence of work, confirmations, claw backs and refunds") {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        Fixture run;
        Random random(seed);
        if (random.chance(0.5)) {
            REQUIRE(Referrals(*run.store)
                        .set_cap(run.world.owner_partner.id, Currency::cny, {200})
                        .has_value());
        }
        std::vector<RequestId> requests;
        Money charged;
        for (int step = 0; step < 200; ++step) {
            const auto node = static_cast<std::size_t>(random.below(2));
            const auto& id = run.world.nodes[node];
            run.clock.advance(Duration{static_cast<std::int64_t>(random.below(9'000'000'000))});
            switch (random.below(10)) {
                case 0:
                    REQUIRE(run.earnings.confirm_through(run.today() - 3).has_value());
                    break;
                case 1:
                    REQUIRE(run.earnings.withhold(id, "a check").has_value());
                    break;
                case 2:
                    (void)run.earnings.release(id, "ann");
                    break;
                case 3: {
                    const auto back = run.earnings.claw_back(id, "ann", "why");
                    if (back.has_value()) charged -= back.value().price;
                    break;
                }
                case 4: {
                    if (requests.empty()) break;
                    const auto& request = requests[random.below(requests.size())];
                    charged -= run.earnings.refund(request, "ann", "why").value().price;
                    break;
                }
                case 5: {
                    REQUIRE(run.store->begin().has_value());
                    run.work({500}, node);
                    (void)run.earnings.claw_back(id, "ann", "never was");
                    run.store->rollback();
                    break;
                }
                default: {
                    const Money price{static_cast<std::int64_t>(random.below(3'000))};
                    requests.push_back(run.work(price, node));
                    charged += price;
                }
            }
            REQUIRE(run.credit() == Money{1'000'000'000} - charged);
            if (step % 20 == 19) run.check();
        }
        for (const auto& id : run.world.nodes) (void)run.earnings.release(id, "ann");
        run.clock.advance(24h);
        REQUIRE(run.earnings.confirm_through(run.today() - 1).has_value());
        CHECK(run.owner().pending == Money{});
        CHECK(run.partner(run.world.owner_partner.id).pending == Money{});
        run.check();
    }
}
