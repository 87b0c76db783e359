// Aim: the newest reports of each device are kept and a repeated one is known; what was on offer
// and what was sold add up by day and kind of device, also over undone work.
#include <doctest/doctest.h>

#include "shared/model/civil_day.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, Money{1'000'000'000});
    std::int64_t today = day_of(clock.wall());

    [[nodiscard]] BenchRecord report(std::uint64_t number, std::string device = "cuda0") const {
        BenchRecord record;
        record.node = world.nodes[0];
        record.device = std::move(device);
        record.report_sha256 = fake_sha256(number + 1);
        record.measured = WallTime{static_cast<std::int64_t>(number) * 1'000'000};
        record.verdict = Plausibility::too_poor;
        record.english = "slow";
        record.chinese = "慢";
        record.report_json = "{}";
        record.signature = "00";
        return record;
    }
    Result<std::vector<Accepted>> sell(const std::string& attempt, std::int64_t device_micros,
                                       Money price, const std::string& device_class = "cpu") {
        Acceptance acceptance;
        acceptance.meters.push_back(world.meter(attempt, price));
        acceptance.meters.front().device_micros = device_micros;
        acceptance.meters.front().device_class = device_class;
        return store->accept({&acceptance, 1});
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a report is read back as it was kept, and known when it comes again") {
    CHECK(store->keep_bench_report(report(7)).value());
    clock.advance(1min);
    auto again = report(7);
    again.signature = "01";  // signed anew
    CHECK_FALSE(store->keep_bench_report(again).value());
    const auto kept = store->bench_reports(world.nodes[0]).value();
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].device == "cuda0");
    CHECK(kept[0].verdict == Plausibility::too_poor);
    CHECK(kept[0].english == "slow");
    CHECK(kept[0].chinese == "慢");
    CHECK(kept[0].signature == "00");
    CHECK(kept[0].measured.seconds() == 7);
    CHECK(kept[0].received.micros == clock.wall().micros - 60'000'000);
    CHECK(store->bench_reports(world.nodes[1]).value().empty());
}

TEST_CASE_FIXTURE(Fixture, "the newest twenty of each device are kept, whenever they came") {
    for (std::uint64_t i = 100; i < 125; ++i) CHECK(store->keep_bench_report(report(i)).value());
    CHECK(store->keep_bench_report(report(500, "cpu")).value());
    (void)store->keep_bench_report(report(1)).value();  // older than all that are kept
    const auto kept = store->bench_reports(world.nodes[0]).value();
    REQUIRE(kept.size() == 21);
    CHECK(kept.front().device == "cpu");
    CHECK(kept[1].measured.seconds() == 124);
    CHECK(kept.back().measured.seconds() == 105);
}

TEST_CASE_FIXTURE(Fixture, "a device is compared with the newest reports of others of its name") {
    auto mine = report(1);
    mine.device_name = "RTX";
    mine.score = 10;
    const auto hand_in = [&](std::size_t node, std::uint64_t number, std::int64_t score,
                             Plausibility verdict) {
        auto record = report(number);
        record.node = world.nodes.at(node);
        record.device_name = "RTX";
        record.score = score;
        record.verdict = verdict;
        REQUIRE(store->keep_bench_report(record));
    };
    REQUIRE(store->keep_bench_report(mine));
    CHECK(store->bench_standing(mine).value().others == 0);
    hand_in(1, 20, 9, Plausibility::plausible);
    hand_in(1, 21, 11, Plausibility::plausible);  // newer
    CHECK(store->bench_standing(mine).value().others == 1);
    CHECK(store->bench_standing(mine).value().slower == 0);
    hand_in(1, 22, 8, Plausibility::too_poor);
    CHECK(store->bench_standing(mine).value().slower == 1);
    hand_in(1, 23, 900, Plausibility::too_good);  // nobody is measured by that
    CHECK(store->bench_standing(mine).value().slower == 1);
    mine.device_name = "GTX";
    CHECK(store->bench_standing(mine).value().others == 0);
}

TEST_CASE_FIXTURE(Fixture, "a node that names ever new devices fills no disk") {
    for (std::uint64_t i = 0; i < 410; ++i)
        (void)store->keep_bench_report(report(i, "cuda" + std::to_string(i))).value();
    const auto kept = store->bench_reports(world.nodes[0]).value();
    CHECK(kept.size() == static_cast<std::size_t>(bench_reports_per_node));
}

TEST_CASE_FIXTURE(Fixture, "a report of an unknown node is not kept") {
    auto record = report(1);
    record.node = NodeId{"node_x"};
    CHECK(store->keep_bench_report(record).has_error());
}

TEST_CASE_FIXTURE(Fixture, "offer and sale add up by day and kind of device") {
    REQUIRE(store->add_offered("cpu", 60).has_value());
    REQUIRE(store->add_offered("cpu", 60).has_value());
    REQUIRE(store->add_offered("NVIDIA L4", 60).has_value());
    CHECK(store->add_offered("cpu", -1).has_error());
    REQUIRE(sell("a", 30'000'000, Money{1'000}).has_value());
    REQUIRE(sell("b", 10'000'000, Money{1'000}).has_value());
    REQUIRE(sell("b", 10'000'000, Money{1'000}).has_value());  // billed once
    clock.advance(24h);
    REQUIRE(store->add_offered("cpu", 120).has_value());

    const auto days = store->grid_days("cpu", today, today + 2).value();
    REQUIRE(days.size() == 2);
    CHECK(days[0].day == today);
    CHECK(days[0].offered_seconds == 120);
    CHECK(days[0].sold_seconds == 40);
    const auto statement =
        store->owner_statement(world.owner.id, WallTime{0}, clock.wall()).value();
    CHECK(days[0].paid == statement.closing);
    CHECK(days[0].paid > Money{});
    CHECK(days[1].offered_seconds == 120);
    CHECK(days[1].sold_seconds == 0);
    CHECK(store->grid_days("cpu", today, today + 1).value().size() == 1);
    const auto cards = store->grid_days("NVIDIA L4", today, today + 1).value();
    REQUIRE(cards.size() == 1);
    CHECK(cards[0].offered_seconds == 60);
    CHECK(cards[0].paid == Money{});
}

TEST_CASE_FIXTURE(Fixture, "no more is sold than was on offer, whatever nodes say") {
    REQUIRE(store->add_offered("cpu", 5).has_value());
    REQUIRE(sell("a", 3'600'000'000, Money{1'000}).has_value());
    CHECK(store->grid_days("cpu", today, today + 1).value()[0].sold_seconds == 5);
}

TEST_CASE_FIXTURE(Fixture, "what is undone was not sold") {
    REQUIRE(store->add_offered("cpu", 3'600).has_value());
    REQUIRE(store->begin().has_value());
    REQUIRE(sell("kept", 1'000'000, Money{1'000}).has_value());
    REQUIRE(store->begin().has_value());
    REQUIRE(sell("undone", 7'000'000, Money{1'000}).has_value());
    store->rollback();
    REQUIRE(store->commit().has_value());
    CHECK(store->grid_days("cpu", today, today + 1).value()[0].sold_seconds == 1);
    REQUIRE(store->begin().has_value());
    REQUIRE(sell("gone", 7'000'000, Money{1'000}).has_value());
    store->rollback();
    REQUIRE(sell("later", 2'000'000, Money{1'000}).has_value());
    CHECK(store->grid_days("cpu", today, today + 1).value()[0].sold_seconds == 3);
}

TEST_CASE_FIXTURE(Fixture, "a node's own money is summed by day; all of it is pending") {
    REQUIRE(sell("a", 2'000'000, Money{1'000}).has_value());
    REQUIRE(sell("b", 1'000'000, Money{1'000}, "NVIDIA L4").has_value());
    clock.advance(24h);
    REQUIRE(sell("c", 4'000'000, Money{3'000}).has_value());
    const auto days = store->node_days(world.nodes[0], today).value();
    REQUIRE(days.size() == 2);
    CHECK(days[0].day == today);
    CHECK(days[0].sold_seconds == 3);
    CHECK(days[1].sold_seconds == 4);
    CHECK(days[0].confirmed == Money{});
    const auto statement =
        store->owner_statement(world.owner.id, WallTime{0}, clock.wall() + 1s).value();
    CHECK(days[0].pending + days[1].pending == statement.closing);
    CHECK(store->node_days(world.nodes[0], today + 1).value().size() == 1);
    CHECK(store->node_days(world.nodes[1], today).value().empty());
}
