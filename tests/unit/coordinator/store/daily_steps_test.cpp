#include "coordinator/store/daily_steps.h"

#include <doctest/doctest.h>

#include "coordinator/store/closes.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    DailySteps steps{*store};

    Fixture() { (void)StoreWorld::fill(*store, clock, {1'000}); }
    std::int64_t close_a_day() {
        clock.advance(24h);
        const auto day = Closes(*store).progress().value().next_day().value();
        (void)Closes(*store).run({ledger::PeriodKind::day, day}, "bookkeeper").value();
        return day;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a step is open for each closed day until it is done, oldest first") {
    clock.advance(1h);
    const std::vector<std::string> names{"confirm", "storage"};
    steps.plan(names).value();
    CHECK(!steps.open("confirm").value());
    const auto first = close_a_day();
    const auto second = close_a_day();
    steps.plan(names).value();
    steps.plan(names).value();
    CHECK(steps.open("confirm").value() == first);
    steps.finish("confirm", first).value();
    CHECK(steps.open("confirm").value() == second);
    CHECK(steps.open("storage").value() == first);
    steps.finish("confirm", second).value();
    CHECK(!steps.open("confirm").value());
}

TEST_CASE_FIXTURE(Fixture, "a step that is new begins with the next day that is closed") {
    clock.advance(1h);
    (void)close_a_day();
    steps.plan(std::vector<std::string>{"confirm"}).value();
    steps.plan(std::vector<std::string>{"confirm", "storage"}).value();
    CHECK(!steps.open("storage").value());
    const auto next = close_a_day();
    steps.plan(std::vector<std::string>{"confirm", "storage"}).value();
    CHECK(steps.open("storage").value() == next);
}

TEST_CASE_FIXTURE(Fixture, "work that is rolled back leaves its step open") {
    clock.advance(1h);
    const auto day = close_a_day();
    steps.plan(std::vector<std::string>{"confirm"}).value();
    store->begin().value();
    steps.finish("confirm", day).value();
    store->rollback();
    CHECK(steps.open("confirm").value() == day);
}
