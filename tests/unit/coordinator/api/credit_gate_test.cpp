/// Aim: what runs counts against credit, caps and budgets until it is charged or given back.

#include "coordinator/api/openai/credit_gate.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "coordinator/store/budgets.h"
#include "coordinator/store/executor.h"
#include "coordinator/store/tenants.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::api;
namespace asio = boost::asio;

namespace {

using Taken = ApiResult<CreditGate::Hold>;

asio::awaitable<void> take_into(CreditGate& gate, Caller caller, Money most,
                                std::optional<Taken>& out) {
    auto taking = gate.take(std::move(caller), most, "request");
    out.emplace(co_await std::move(taking));
}

struct Fixture {
    ManualClock clock;
    testing::TemporaryFolder folder;
    std::string path = (folder.path() / "store.db").string();
    std::unique_ptr<store::Store> store =
        store::Store::open(path, store::Store::Mode::read_write, clock).value();
    testing::StoreWorld world = testing::StoreWorld::fill(*store, clock, {1'000});
    asio::io_context io;
    std::unique_ptr<store::StoreExecutor> executor =
        store::StoreExecutor::start(path, clock, io.get_executor()).value();
    CreditGate gate{*executor, clock, 3};

    Caller caller(std::optional<Money> cap, std::uint64_t secret) {
        store::KeyLimits limits;
        limits.monthly_cap = cap;
        (void)store
            ->add_credential(store::PrincipalKind::project, world.project.id.get(), "",
                             testing::fake_sha256(secret), limits)
            .value();
        Caller caller;
        caller.principal = store->authenticate(testing::fake_sha256(secret)).value();
        caller.project = world.project.id;
        caller.customer = world.customer.id;
        return caller;
    }
    Taken take(const Caller& who, Money most) {
        std::optional<Taken> out;
        asio::co_spawn(io, take_into(gate, who, most, out), [](const std::exception_ptr& failed) {
            if (failed) std::rethrow_exception(failed);
        });
        io.restart();
        io.run();
        return std::move(*out);
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "what runs is held, what it cost is charged, the rest is given back") {
    const auto who = caller(std::nullopt, 300);
    {
        auto first = take(who, {700});
        REQUIRE(first.has_value());
        const auto second = take(who, {301});
        REQUIRE(second.has_error());
        CHECK(second.error().status() == 429);
        CHECK(second.error().code() == "insufficient_quota");
        CHECK(second.error().message().find("available are 0.000300") != std::string::npos);
        CHECK(take(who, {300}).has_value());
        first.value().charge({100});
    }
    CHECK(gate.running() == 0);
    CHECK(take(who, {901}).has_error());
    CHECK(take(who, {900}).has_value());
    // The store knows of no charge: asked again after a while it has the last word.
    clock.advance(CreditGate::kept_for);
    CHECK(take(who, {1'000}).has_value());
}

TEST_CASE_FIXTURE(Fixture, "a credit limit counts, and is seen at once when the gate is told") {
    const auto who = caller(std::nullopt, 300);
    CHECK(take(who, {1'001}).has_error());
    store::Tenants(*store).set_credit_limit(world.customer.id, Currency::cny, {500}).value();
    CHECK(take(who, {1'001}).has_error());
    gate.forget();
    CHECK(take(who, {1'500}).has_value());
    const auto refused = take(who, {1'501});
    REQUIRE(refused.has_error());
    CHECK(refused.error().message().find("a credit limit of 0.000500") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a capped key is stopped alone; its project's hard budget stops all") {
    const auto capped = caller(Money{200}, 300);
    const auto free = caller(std::nullopt, 301);
    auto running = take(capped, {150});
    REQUIRE(running.has_value());
    CHECK(take(capped, {51}).error().message().find("This key's spend cap") != std::string::npos);
    CHECK(take(capped, {50}).has_value());
    CHECK(take(free, {800}).has_value());
    const store::BudgetSubject project{store::SpenderKind::project, world.project.id.get(),
                                       Currency::cny};
    (void)store::Budgets(*store).set(project, {400}, true, {}).value();
    gate.forget();
    CHECK(take(free, {251}).error().message().find("The budget of this key's project") !=
          std::string::npos);
    CHECK(take(free, {250}).has_value());
}

TEST_CASE_FIXTURE(Fixture, "so many at once and no more; what is free needs no credit") {
    const auto who = caller(std::nullopt, 300);
    std::vector<Taken> running;
    for (int i = 0; i < 3; ++i) running.push_back(take(who, {}));
    const auto refused = take(who, {});
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == "rate_limit_exceeded");
    running.clear();
    CHECK(take(who, {}).has_value());
}
