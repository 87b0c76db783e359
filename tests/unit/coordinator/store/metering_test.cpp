// Aim: what is kept of devices' use adds up over days, nodes, sites and owners; profit is revenue
// less electricity at the price of its day; presence alone earns nothing.
#include "coordinator/store/metering.h"

#include <doctest/doctest.h>

#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"
#include "shared/util/random.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;
using gleaner::testing::StoreWorld;

namespace {

using Kind = NodeScope::Kind;

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, Money{1'000'000'000});
    Metering metering{*store};
    std::int64_t today = day_of(clock.wall());
    Owner other = store->add_owner("Other", {}).value();
    Site other_site = add_site(other, 3);
    NodeId other_node = add_node(other_site, 4);

    Site add_site(const Owner& owner, std::uint64_t seed) {
        auto consent = world.consent();
        consent.accepted_by =
            store->add_credential(PrincipalKind::owner, owner.id.get(), "k", fake_sha256(seed))
                .value()
                .id;
        return store->add_site(owner.id, owner.name + "'s", consent, StoreWorld::consent_text)
            .value();
    }
    NodeId add_node(const Site& site, std::uint64_t seed) {
        (void)store->add_token(site.id, fake_sha256(100 + seed), -1, clock.wall() + 24h).value();
        EnrolmentRequest request;
        request.token_secret_sha256 = fake_sha256(100 + seed);
        request.hardware_fingerprint = "board-" + std::to_string(seed);
        request.hostname = "host-" + std::to_string(seed);
        return store->begin_enrolment(request).value().node;
    }
    [[nodiscard]] static DeviceUse use_of(std::int64_t useful, std::int64_t lost,
                                          std::int64_t watt_seconds = 0) {
        DeviceUse use;
        use.useful_micros = useful;
        use.lost(LossCause::reclaimed) = lost;
        use.watt_seconds = watt_seconds;
        return use;
    }
    void add(const NodeId& node, std::int64_t day, const DeviceUse& use) {
        const std::vector<std::pair<NodeId, DeviceUse>> rows{{node, use}};
        REQUIRE(metering.add_use(day, rows));
    }
    DeviceUse sum(const NodeScope& scope, DayRange days, GroupBy by = GroupBy::day) {
        DeviceUse total;
        const auto rows = metering.use(scope, days, by);
        REQUIRE(rows.has_value());
        for (const auto& row : rows.value()) total += row.use;
        return total;
    }
    void sell(const std::string& attempt, std::int64_t reference_micros, Money price,
              std::size_t node = 0) {
        Acceptance acceptance;
        acceptance.meters.push_back(world.meter(attempt, price, node));
        acceptance.meters.front().reference_micros = reference_micros;
        REQUIRE(store->accept({&acceptance, 1}).has_value());
    }
    [[nodiscard]] DayRange this_week() const { return {today - 6, today + 1}; }
    [[nodiscard]] NodeScope site() const { return {Kind::site, world.site.id.get()}; }
    [[nodiscard]] NodeScope owner() const { return {Kind::owner, world.owner.id.get()}; }
    [[nodiscard]] NodeScope node(std::size_t i) const { return {Kind::node, world.nodes[i].get()}; }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "the same node and day add up, whatever was there before") {
    add(world.nodes[0], today, use_of(7, 3, 100));
    add(world.nodes[0], today, use_of(1, 1, 20));
    const auto rows = metering.use(node(0), this_week(), GroupBy::day).value();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].key == date_text(today));
    CHECK(rows[0].name.empty());
    CHECK(rows[0].use == use_of(8, 4, 120));
}

TEST_CASE_FIXTURE(Fixture, "every field of a use comes back as it was") {
    DeviceUse use;
    use.idle_micros = 1;
    use.useful_micros = 2;
    use.watt_seconds = 3;
    for (const LossCause cause : loss_causes) use.lost(cause) = 10 + static_cast<int>(cause);
    add(world.nodes[0], today, use);
    CHECK(sum({}, this_week()) == use);
    add(world.nodes[0], today, use);
    use += use;
    CHECK(sum({}, this_week()) == use);
}

TEST_CASE_FIXTURE(Fixture, "time below zero is refused and nothing of the call is kept") {
    std::vector<std::pair<NodeId, DeviceUse>> rows{{world.nodes[0], use_of(5, 0)},
                                                   {world.nodes[1], use_of(5, -1)}};
    const auto refused = metering.add_use(today, rows);
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == ErrorCode::invalid_argument);
    CHECK(sum({}, this_week()) == DeviceUse{});
}

TEST_CASE_FIXTURE(Fixture, "a node that the store does not know is passed over") {
    std::vector<std::pair<NodeId, DeviceUse>> rows{{NodeId{"node_gone"}, use_of(5, 0)},
                                                   {world.nodes[1], use_of(6, 0)}};
    REQUIRE(metering.add_use(today, rows));
    CHECK(sum({}, this_week()).useful_micros == 6);
}

TEST_CASE_FIXTURE(Fixture, "rows are summed by day, node, site and owner and named") {
    add(world.nodes[0], today, use_of(1, 0));
    add(world.nodes[1], today - 1, use_of(2, 0));
    add(other_node, today, use_of(4, 0));
    const auto by = [&](GroupBy group) { return metering.use({}, this_week(), group).value(); };
    REQUIRE(by(GroupBy::day).size() == 2);
    CHECK(by(GroupBy::day)[0].use.useful_micros == 2);
    CHECK(by(GroupBy::node).size() == 3);
    const auto sites = by(GroupBy::site);
    REQUIRE(sites.size() == 2);
    const auto& mine = sites[0].key == world.site.id.get() ? sites[0] : sites[1];
    CHECK(mine.name == "Main street");
    CHECK(mine.use.useful_micros == 3);
    const auto owners = by(GroupBy::owner);
    REQUIRE(owners.size() == 2);
    const auto& others = owners[0].key == other.id.get() ? owners[0] : owners[1];
    CHECK(others.name == "Other");
    CHECK(others.use.useful_micros == 4);
    CHECK(sum(owner(), this_week()).useful_micros == 3);
    CHECK(sum(node(1), this_week()).useful_micros == 2);
    CHECK(sum(site(), {today, today + 1}).useful_micros == 1);
    CHECK(sum(site(), {today, today}).useful_micros == 0);
}

TEST_CASE_FIXTURE(Fixture, "over random histories every grouping of a scope has the same sum") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Random random(seed);
        Fixture fresh;
        DeviceUse all;
        DeviceUse own;
        const std::vector<NodeId> nodes{fresh.world.nodes[0], fresh.world.nodes[1],
                                        fresh.other_node};
        for (int i = 0; i < 60; ++i) {
            const auto& node = nodes[random.below(nodes.size())];
            DeviceUse use;
            use.idle_micros = static_cast<std::int64_t>(random.below(1'000));
            use.useful_micros = static_cast<std::int64_t>(random.below(1'000));
            for (auto& lost : use.lost_micros) lost = static_cast<std::int64_t>(random.below(100));
            const auto day = fresh.today - static_cast<std::int64_t>(random.below(7));
            fresh.add(node, day, use);
            all += use;
            if (node != fresh.other_node) own += use;
        }
        for (const auto by : {GroupBy::day, GroupBy::node, GroupBy::site, GroupBy::owner}) {
            CHECK(fresh.sum({}, fresh.this_week(), by) == all);
            CHECK(fresh.sum(fresh.owner(), fresh.this_week(), by) == own);
            CHECK(fresh.sum(fresh.site(), fresh.this_week(), by) == own);
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "a connected node without work is idle and earns nothing") {
    DeviceUse present;
    present.idle_micros = 86'400'000'000;
    add(world.nodes[0], today, present);
    const auto rows = metering.earnings(node(0), this_week(), GroupBy::day).value();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].earned.empty());
    CHECK(metering.balances(world.owner.id).value().empty());
    CHECK(store->check_ledger().value().violations.empty());
}

TEST_CASE_FIXTURE(Fixture, "profit is the owner's share less electricity at the day's price") {
    REQUIRE(metering.set_electricity(world.site.id, Money{800'000}, Currency::cny));
    sell("a", 3'600'000'000, Money{10'000'000});
    add(world.nodes[0], today, use_of(1, 0, 7'200'000));  // two kilowatt-hours
    auto rows = metering.earnings(site(), this_week(), GroupBy::site).value();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].name == "Main street");
    CHECK(rows[0].unpriced_watt_seconds == 0);
    const auto& earned = rows[0].earned.at(Currency::cny);
    const auto statement =
        store->owner_statement(world.owner.id, WallTime{}, clock.wall() + 1s).value();
    CHECK(earned.revenue == statement.pending);
    CHECK(earned.revenue > Money{});
    CHECK(earned.electricity == Money{1'600'000});
    CHECK(earned.profit() == earned.revenue - Money{1'600'000});
    CHECK(earned.watt_seconds == 7'200'000);
    CHECK(earned.items == 1);
    CHECK(earned.reference_micros == 3'600'000'000);
    CHECK(earned.per_reference_hour() == earned.revenue);
    const auto balances = metering.balances(world.owner.id).value();
    REQUIRE(balances.size() == 1);
    CHECK(balances[0].pending == earned.revenue);
    CHECK(balances[0].payable == Money{});
}

TEST_CASE_FIXTURE(Fixture, "a price counts from its day on, and days before it have none") {
    add(world.nodes[0], today - 1, use_of(1, 0, 3'600'000));
    REQUIRE(metering.set_electricity(world.site.id, Money{500'000}, Currency::cny));
    clock.advance(24h);
    REQUIRE(metering.set_electricity(world.site.id, Money{900'000}, Currency::cny));
    add(world.nodes[0], today, use_of(1, 0, 3'600'000));
    add(world.nodes[0], today + 1, use_of(1, 0, 3'600'000));
    const auto rows = metering.earnings(node(0), {today - 1, today + 2}, GroupBy::day).value();
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].unpriced_watt_seconds == 3'600'000);
    CHECK(rows[0].earned.empty());
    CHECK(rows[1].earned.at(Currency::cny).electricity == Money{500'000});
    CHECK(rows[2].earned.at(Currency::cny).electricity == Money{900'000});
    CHECK(metering.electricity(world.site.id, today).value().value().per_kwh == Money{500'000});
    CHECK_FALSE(metering.electricity(world.site.id, today - 1).value().has_value());
}

TEST_CASE_FIXTURE(Fixture, "a price set twice on one day is the later one") {
    REQUIRE(metering.set_electricity(world.site.id, Money{500'000}, Currency::cny));
    REQUIRE(metering.set_electricity(world.site.id, Money{70'000}, Currency::usd));
    const ElectricityPrice expected{today, Money{70'000}, Currency::usd};
    CHECK(metering.electricity(world.site.id, today + 5).value().value() == expected);
}

TEST_CASE_FIXTURE(Fixture,
                  "electricity in another currency than the revenue is not mixed with it") {
    REQUIRE(metering.set_electricity(world.site.id, Money{100'000}, Currency::usd));
    sell("a", 1'000, Money{10'000'000});
    add(world.nodes[0], today, use_of(1, 0, 3'600'000));
    const auto rows = metering.earnings(owner(), this_week(), GroupBy::owner).value();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].earned.at(Currency::cny).electricity == Money{});
    CHECK(rows[0].earned.at(Currency::usd).electricity == Money{100'000});
    CHECK(rows[0].earned.at(Currency::usd).revenue == Money{});
}

TEST_CASE_FIXTURE(Fixture, "impossible prices and unknown sites are refused, nothing is kept") {
    const auto negative = metering.set_electricity(world.site.id, Money{-1}, Currency::cny);
    REQUIRE(negative.has_error());
    CHECK(negative.error().code() == ErrorCode::invalid_argument);
    const auto dear =
        metering.set_electricity(world.site.id, electricity_price_max + Money{1}, Currency::cny);
    CHECK(dear.error().code() == ErrorCode::invalid_argument);
    const auto nowhere = metering.set_electricity(SiteId{"site_no"}, Money{1}, Currency::cny);
    CHECK(nowhere.error().code() == ErrorCode::not_found);
    CHECK_FALSE(metering.electricity(world.site.id, today).value().has_value());
    CHECK(metering.earnings({}, this_week(), GroupBy::day).error().code() ==
          ErrorCode::invalid_argument);
    CHECK(metering.balances(OwnerId{"own_no"}).error().code() == ErrorCode::not_found);
}

namespace {

struct SpeedFixture : Fixture {
    std::uint64_t next = 1;

    void report(const NodeId& node, std::int64_t gflops_milli,
                Plausibility verdict = Plausibility::plausible) {
        BenchRecord record;
        record.node = node;
        record.device = "cuda0";
        record.device_name = "NVIDIA GeForce RTX 4060";
        record.gflops_milli = gflops_milli;
        record.copy_milli = gflops_milli / 2;
        record.report_sha256 = fake_sha256(next);
        record.measured = WallTime{static_cast<std::int64_t>(next++) * 1'000'000};
        record.verdict = verdict;
        record.report_json = "{}";
        REQUIRE(store->keep_bench_report(record).value());
    }
    SpeedReports reports() {
        return metering.speed_reports(world.nodes[0], "NVIDIA GeForce RTX 4060").value();
    }
};

}  // namespace

TEST_CASE_FIXTURE(SpeedFixture,
                  "speeds are the newest report of the node and of each other owner") {
    CHECK_FALSE(reports().own.has_value());
    report(world.nodes[0], 100);
    report(world.nodes[0], 200);
    report(world.nodes[0], 900, Plausibility::too_good);
    REQUIRE(reports().own.has_value());
    CHECK(reports().own->fp32_milli == 200);
    CHECK(reports().own->copy_milli == 100);
    report(world.nodes[1], 500);  // the same owner's
    CHECK(reports().others.empty());
    report(other_node, 300);
    report(add_node(other_site, 5), 400);
    report(other_node, 9'000, Plausibility::too_good);
    report(other_node, 1, Plausibility::too_poor);
    REQUIRE(reports().others.size() == 1);
    CHECK(reports().others[0].fp32_milli == 400);
    CHECK(metering.speed_reports(world.nodes[0], "another").value().others.empty());
}
