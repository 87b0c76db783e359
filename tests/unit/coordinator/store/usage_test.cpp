/// Aim: usage by minutes, hours and days is what the meter records say, in UTC's buckets.

#include "coordinator/store/usage.h"

#include <doctest/doctest.h>

#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

constexpr Duration day = std::chrono::hours(24);

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {100'000});
    Usage usage{*store};
    int attempts = 0;

    /// The first moment of a UTC day from which the clock will start.
    WallTime midnight() {
        const auto next = WallTime{(clock.wall().micros / day.count() + 1) * day.count()};
        clock.advance(next - clock.wall());
        return next;
    }
    void answer(const std::string& api_key, Money price, std::size_t parts = 1) {
        Acceptance acceptance;
        for (std::size_t i = 0; i < parts; ++i) {
            acceptance.meters.push_back(
                world.meter("s" + std::to_string(++attempts), price, i % world.nodes.size()));
            acceptance.meters.back().api_key = api_key;
            acceptance.meters.back().cached_tokens = 4;
        }
        (void)store->accept(std::span(&acceptance, 1)).value();
    }
    std::vector<UsageRow> rows(WallTime from, Duration length, BucketWidth width) {
        return usage.buckets(world.customer.id, std::nullopt, from, from + length, width).value();
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an answer in several parts is one request with all their tokens") {
    const auto from = midnight();
    answer("key_a", {7}, 3);
    for (const auto width : {BucketWidth::minute, BucketWidth::hour, BucketWidth::day}) {
        const auto found = rows(from, length_of(width), width);
        REQUIRE(found.size() == 1);
        CHECK(found[0].bucket == from);
        CHECK(found[0].api_key == "key_a");
        CHECK(found[0].project == world.project.id);
        CHECK(!found[0].batch);
        CHECK(found[0].sums == UsageSums{1, 60, 12, 30, {21}});
    }
}

TEST_CASE_FIXTURE(Fixture, "buckets are UTC's: a day ends at eight in the morning in Shanghai") {
    const auto from = midnight();
    clock.advance(day - 1s);
    answer("key_a", {1});
    clock.advance(1s);
    answer("key_a", {2});
    clock.advance(61s);
    answer("key_a", {4});
    const auto days = rows(from, 2 * day, BucketWidth::day);
    REQUIRE(days.size() == 2);
    CHECK(days[0].bucket == from);
    CHECK(days[0].sums.price == Money{1});
    CHECK(days[1].bucket == from + day);
    CHECK(days[1].sums.price == Money{6});
    CHECK(rows(from + day, 1h, BucketWidth::hour).at(0).sums.requests == 2);
    const auto minutes = rows(from + day, 2min, BucketWidth::minute);
    REQUIRE(minutes.size() == 2);
    CHECK(minutes[0].sums.price == Money{2});
    CHECK(minutes[1].bucket == from + day + 1min);
}

TEST_CASE_FIXTURE(Fixture, "keys, batches and projects are told apart, and others not told") {
    const auto from = midnight();
    answer("key_a", {1});
    answer("key_b", {2});
    auto job = world.job(1);
    job.api_key = "key_a";
    job = store->admit_job(job, {50}).value();
    auto item = world.item(job, 0, {30});
    item.meters.front().api_key = "key_a";
    (void)store->accept(std::span(&item, 1)).value();
    for (const auto width : {BucketWidth::minute, BucketWidth::day}) {
        const auto found = rows(from, length_of(width), width);
        REQUIRE(found.size() == 3);
        CHECK(found[0].sums.price + found[1].sums.price + found[2].sums.price == Money{33});
        CHECK(found[1].batch);
        CHECK(found[1].sums.price == Money{30});
        CHECK(found[2].api_key == "key_b");
    }
    const auto second = store->add_project(world.customer.id, "second").value();
    CHECK(usage.buckets(world.customer.id, second.id, from, from + day, BucketWidth::day)
              .value()
              .empty());
    const auto other = store->add_customer("Other", {}, {}).value();
    CHECK(
        usage.buckets(other.id, std::nullopt, from, from + day, BucketWidth::day).value().empty());
    CHECK(usage.buckets(other.id, world.project.id, from, from + day, BucketWidth::minute)
              .value()
              .empty());
}

TEST_CASE_FIXTURE(Fixture, "a bucket that begins elsewhere is refused") {
    const auto from = midnight();
    const auto code = [&](WallTime begin, WallTime end, BucketWidth width) {
        return usage.buckets(world.customer.id, std::nullopt, begin, end, width).error().code();
    };
    CHECK(code(from + 1s, from + day, BucketWidth::day) == ErrorCode::invalid_argument);
    CHECK(code(from, from + 1h, BucketWidth::day) == ErrorCode::invalid_argument);
    CHECK(code(from + day, from, BucketWidth::day) == ErrorCode::invalid_argument);
    CHECK(code(WallTime{-day.count()}, from, BucketWidth::day) == ErrorCode::invalid_argument);
}
