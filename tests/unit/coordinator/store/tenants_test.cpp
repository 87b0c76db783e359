/// Aim: post-paid credit, spend caps and hard budgets bound what is admitted; refunds return
/// prepaid money once and no more than there is.

#include "coordinator/store/tenants.h"

#include <doctest/doctest.h>

#include "coordinator/store/budgets.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {1'000});
    Tenants tenants{*store};
    CustomerId customer = world.customer.id;

    Credential key(std::optional<Money> cap) {
        KeyLimits limits;
        limits.monthly_cap = cap;
        return store
            ->add_credential(PrincipalKind::project, world.project.id.get(), "",
                             fake_sha256(next_secret++), limits)
            .value();
    }
    Result<Job> admit(Money hold, const std::string& api_key = {}) {
        auto job = world.job(4);
        job.api_key = api_key;
        return store->admit_job(job, hold);
    }
    void spend(Money price, const std::string& api_key, const std::string& attempt) {
        Acceptance acceptance;
        acceptance.meters.push_back(world.meter(attempt, price));
        acceptance.meters.front().api_key = api_key;
        (void)store->accept(std::span(&acceptance, 1)).value();
    }
    void sound() { CHECK(store->check_ledger().value().violations.empty()); }

    std::uint64_t next_secret = 100;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a credit limit lets the account fall below zero, and no further") {
    CHECK(admit({1'001}).error().code() == ErrorCode::resource_exhausted);
    tenants.set_credit_limit(customer, Currency::cny, {500}).value();
    CHECK(tenants.credit(customer, Currency::cny).value() == ledger::Credit{{1'000}, {500}});
    CHECK(store->available_credit(customer).value() == Money{1'500});
    REQUIRE(admit({1'400}).has_value());
    CHECK(tenants.credit(customer, Currency::cny).value().balance == Money{-400});
    const auto refused = admit({101});
    REQUIRE(refused.has_error());
    CHECK(refused.error().message().find("a credit limit of 0.000500") != std::string::npos);
    CHECK(admit({100}).has_value());
    sound();
}

TEST_CASE_FIXTURE(Fixture, "a limit below what is owed is allowed and admits nothing new") {
    tenants.set_credit_limit(customer, Currency::cny, {500}).value();
    REQUIRE(admit({1'400}).has_value());
    tenants.set_credit_limit(customer, Currency::cny, {100}).value();
    CHECK(store->available_credit(customer).value() == Money{-300});
    CHECK(admit({1}).has_error());
    CHECK(admit({0}).has_value());
}

TEST_CASE_FIXTURE(Fixture, "a limit is of one currency") {
    tenants.set_credit_limit(customer, Currency::usd, {9'000}).value();
    CHECK(store->available_credit(customer).value() == Money{1'000});
    CHECK(store->available_credit(customer, Currency::usd).value() == Money{9'000});
    const auto abroad = store->add_project(customer, "abroad", Currency::usd).value();
    auto job = world.job(1);
    job.project = abroad.id;
    CHECK(store->admit_job(job, {9'001}).has_error());
    CHECK(store->admit_job(job, {9'000}).has_value());
}

TEST_CASE_FIXTURE(Fixture,
                  "limits and weights of nobody, below zero and out of range are refused") {
    const CustomerId nobody{"cus_x"};
    CHECK(tenants.set_credit_limit(nobody, Currency::cny, {1}).error().code() ==
          ErrorCode::not_found);
    CHECK(tenants.set_credit_limit(customer, Currency::cny, {-1}).error().code() ==
          ErrorCode::invalid_argument);
    CHECK(tenants.credit(nobody, Currency::cny).error().code() == ErrorCode::not_found);
    CHECK(tenants.set_weight(nobody, 100).error().code() == ErrorCode::not_found);
    for (const int weight : {0, -1, 1'001})
        CHECK(tenants.set_weight(customer, weight).error().code() == ErrorCode::invalid_argument);
    CHECK(store->customer(customer).value().weight == 100);
    tenants.set_weight(customer, 1'000).value();
    CHECK(store->customer(customer).value().weight == 1'000);
    CHECK(admit({}).value().weight == 1'000);
}

TEST_CASE_FIXTURE(Fixture,
                  "a key's cap counts what it spent this month and what its batches hold") {
    const auto capped = key(Money{600});
    const auto free = key(std::nullopt);
    spend({250}, capped.id, "s1");
    spend({90}, free.id, "s2");
    const auto job = admit({300}, capped.id);
    REQUIRE(job.has_value());
    CHECK(job.value().api_key == capped.id);
    const auto allowed = tenants.allowance(customer, world.project.id, capped.id).value();
    CHECK(allowed.key == ledger::MonthlyCap{{600}, {550}});
    const auto refused = admit({51}, capped.id);
    REQUIRE(refused.has_error());
    CHECK(refused.error().message().find("spend cap of 0.000600 CNY") != std::string::npos);
    CHECK(admit({50}, capped.id).has_value());
    CHECK(admit({100}, free.id).has_value());
    sound();
}

TEST_CASE_FIXTURE(Fixture, "work moves from held to spent without making room in between") {
    const auto capped = key(Money{600});
    auto job = admit({500}, capped.id).value();
    auto item = world.item(job, 0, {200});
    item.meters.front().api_key = capped.id;
    (void)store->accept(std::span(&item, 1)).value();
    const auto used = [&] {
        return tenants.allowance(customer, world.project.id, capped.id).value().key->used;
    };
    CHECK(used() == Money{500});
    store->end_job(job.id, JobState::completed, {}, {}).value();
    CHECK(used() == Money{200});
}

TEST_CASE_FIXTURE(Fixture, "a cap begins anew at midnight in Shanghai on the first of the month") {
    const auto capped = key(Money{600});
    spend({600}, capped.id, "s1");
    CHECK(admit({1}, capped.id).has_error());
    const Month next = month_of(day_of(clock.wall())).next();
    clock.advance(start_of_day(first_day(next)) - clock.wall() - 1us);
    CHECK(admit({1}, capped.id).has_error());
    clock.advance(1us);
    CHECK(admit({1}, capped.id).has_value());
}

TEST_CASE_FIXTURE(Fixture, "a hard budget of a project or its customer refuses, a soft one warns") {
    Budgets budgets(*store);
    const BudgetSubject project{SpenderKind::project, world.project.id.get(), Currency::cny};
    const BudgetSubject whole{SpenderKind::customer, customer.get(), Currency::cny};
    (void)budgets.set(project, {300}, false, {}).value();
    REQUIRE(admit({301}).has_value());
    (void)budgets.set(project, {400}, true, {}).value();
    CHECK(admit({100}).error().message().find("project of 0.000400") != std::string::npos);
    CHECK(admit({99}).has_value());
    (void)budgets.set(whole, {450}, true, {}).value();
    const auto other = store->add_project(customer, "other").value();
    auto job = world.job(1);
    job.project = other.id;
    CHECK(store->admit_job(job, {51}).error().message().find("customer of 0.000450") !=
          std::string::npos);
    CHECK(store->admit_job(job, {50}).has_value());
    budgets.remove(whole).value();
    CHECK(store->admit_job(job, {51}).has_value());
}

TEST_CASE_FIXTURE(Fixture, "a refund returns prepaid money once, up to the balance") {
    REQUIRE(admit({300}).has_value());
    tenants.set_credit_limit(customer, Currency::cny, {5'000}).value();
    const auto refund = [&](Money amount, const char* key) {
        return tenants.refund(customer, amount, key, Currency::cny);
    };
    CHECK(refund({701}, "r1").error().code() == ErrorCode::resource_exhausted);
    REQUIRE(refund({600}, "r1").has_value());
    REQUIRE(refund({600}, "r1").has_value());
    CHECK(tenants.credit(customer, Currency::cny).value().balance == Money{100});
    CHECK(refund({599}, "r1").error().code() == ErrorCode::already_exists);
    CHECK(refund({101}, "r2").error().code() == ErrorCode::resource_exhausted);
    REQUIRE(refund({100}, "r2").has_value());
    CHECK(refund({1}, "r3").error().code() == ErrorCode::resource_exhausted);
    CHECK(refund({0}, "r4").error().code() == ErrorCode::invalid_argument);
    CHECK(refund({1}, "").error().code() == ErrorCode::invalid_argument);
    CHECK(tenants.refund(CustomerId{"cus_x"}, {1}, "r", Currency::cny).error().code() ==
          ErrorCode::not_found);
    sound();
}
