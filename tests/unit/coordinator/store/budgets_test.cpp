/// Aim: a budget raises each threshold's alert once a month, when it is crossed and not before.

#include "coordinator/store/budgets.h"

#include <doctest/doctest.h>

#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {10'000});
    Budgets budgets{*store};
    BudgetSubject project{SpenderKind::project, world.project.id.get(), Currency::cny};
    BudgetSubject whole{SpenderKind::customer, world.customer.id.get(), Currency::cny};
    int attempts = 0;

    void spend(Money price) {
        Acceptance acceptance;
        acceptance.meters.push_back(world.meter("s" + std::to_string(++attempts), price));
        (void)store->accept(std::span(&acceptance, 1)).value();
    }
    /// Percents of the customer's alerts, the oldest first.
    std::vector<std::int32_t> percents() {
        std::vector<std::int32_t> found;
        const auto alerts = budgets.alerts(world.customer.id, 0, 100).value();
        for (auto it = alerts.rbegin(); it != alerts.rend(); ++it) found.push_back(it->percent);
        return found;
    }
};

using Percents = std::vector<std::int32_t>;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "each threshold raises one alert when it is reached") {
    const auto made = budgets.set(project, {1'000}, false, {}).value();
    CHECK(made.thresholds == Percents{50, 80, 100});
    CHECK(made.spent == Money{});
    spend({499});
    CHECK(percents().empty());
    spend({1});
    CHECK(percents() == Percents{50});
    spend({200});
    CHECK(percents() == Percents{50});
    spend({500});
    CHECK(percents() == Percents{50, 80, 100});
    spend({500});
    CHECK(percents().size() == 3);
    const auto alert = budgets.alerts(std::nullopt, 0, 1).value().at(0);
    CHECK(alert.subject.id == project.id);
    CHECK(alert.customer == world.customer.id);
    CHECK(alert.percent == 100);
    CHECK(alert.amount == Money{1'000});
    CHECK(alert.spent == Money{1'200});
    CHECK(alert.month == month_of(day_of(clock.wall())));
    CHECK(budgets.budget(project).value().spent == Money{1'700});
}

TEST_CASE_FIXTURE(Fixture, "a budget below what is spent already warns at once") {
    spend({900});
    (void)budgets.set(project, {1'000}, true, {90, 25}).value();
    CHECK(percents() == Percents{25, 90});
    (void)budgets.set(project, {900}, true, {25, 90, 100}).value();
    CHECK(percents() == Percents{25, 90, 100});
}

TEST_CASE_FIXTURE(Fixture, "the next month begins at nothing and warns anew") {
    (void)budgets.set(whole, {100}, false, {100}).value();
    spend({100});
    const Month next = month_of(day_of(clock.wall())).next();
    clock.advance(start_of_day(first_day(next)) - clock.wall());
    CHECK(budgets.budget(whole).value().spent == Money{});
    spend({100});
    CHECK(percents() == Percents{100, 100});
}

TEST_CASE_FIXTURE(Fixture, "what is rolled back warns nobody") {
    (void)budgets.set(project, {100}, false, {50}).value();
    store->begin().value();
    spend({60});
    CHECK(percents() == Percents{50});
    store->rollback();
    CHECK(percents().empty());
    CHECK(budgets.budget(project).value().spent == Money{});
    spend({40});
    CHECK(percents().empty());
    store->begin().value();
    store->begin().value();
    spend({60});
    CHECK(percents() == Percents{50});
    store->rollback();
    spend({10});
    store->commit().value();
    CHECK(percents() == Percents{50});
    CHECK(budgets.budget(project).value().spent == Money{50});
    CHECK(store->check_ledger().value().violations.empty());
}

TEST_CASE_FIXTURE(Fixture, "an alert is delivered once") {
    (void)budgets.set(project, {100}, false, {50, 60}).value();
    spend({70});
    const auto waiting = budgets.undelivered_alerts(0, 10).value();
    REQUIRE(waiting.size() == 2);
    CHECK(waiting[0].percent == 50);
    CHECK(budgets.set_delivered(waiting[0].number).value());
    CHECK(!budgets.set_delivered(waiting[0].number).value());
    const auto left = budgets.undelivered_alerts(0, 10).value();
    REQUIRE(left.size() == 1);
    CHECK(left[0].number == waiting[1].number);
    CHECK(budgets.alerts(std::nullopt, 0, 10).value().at(1).delivered == clock.wall());
}

TEST_CASE_FIXTURE(Fixture, "a customer's list has its own budgets and its projects', no others") {
    const auto other = store->add_customer("Other", {}, {}).value();
    const auto theirs = store->add_project(other.id, "theirs", Currency::usd).value();
    (void)budgets.set(project, {100}, false, {}).value();
    (void)budgets.set(whole, {200}, true, {}).value();
    const BudgetSubject foreign{SpenderKind::project, theirs.id.get(), Currency::cny};
    CHECK(budgets.set(foreign, {300}, false, {}).value().subject.currency == Currency::usd);
    CHECK(budgets.budgets(world.customer.id).value().size() == 2);
    CHECK(budgets.budgets(other.id).value().size() == 1);
    CHECK(budgets.budgets(std::nullopt).value().size() == 3);
    budgets.remove(project).value();
    CHECK(budgets.budgets(world.customer.id).value().size() == 1);
    CHECK(budgets.budget(project).error().code() == ErrorCode::not_found);
    CHECK(budgets.remove(project).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "budgets that make no sense are refused") {
    const auto code = [&](const BudgetSubject& subject, Money amount, Percents thresholds) {
        return budgets.set(subject, amount, false, std::move(thresholds)).error().code();
    };
    CHECK(code(project, {0}, {}) == ErrorCode::invalid_argument);
    CHECK(code(project, {1}, {0}) == ErrorCode::invalid_argument);
    CHECK(code(project, {1}, {1'001}) == ErrorCode::invalid_argument);
    CHECK(code(project, {1}, {50, 50}) == ErrorCode::invalid_argument);
    CHECK(code(project, {1}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) == ErrorCode::invalid_argument);
    CHECK(code({SpenderKind::key, "key_x", Currency::cny}, {1}, {}) == ErrorCode::invalid_argument);
    CHECK(code({SpenderKind::project, "proj_x", Currency::cny}, {1}, {}) == ErrorCode::not_found);
    CHECK(code({SpenderKind::customer, "cus_x", Currency::cny}, {1}, {}) == ErrorCode::not_found);
    CHECK(budgets.budgets(std::nullopt).value().empty());
}
