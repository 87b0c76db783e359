/// What is sold at which price: the catalogue with a price book, the plan of a batch, its object.

#include "coordinator/store/prices.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "coordinator/api/openai/batch_plan.h"
#include "coordinator/api/openai/model_catalogue.h"
#include "coordinator/api/openai/objects.h"
#include "coordinator/store/executor.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::api;

namespace {

store::Model demo() {
    store::Model model;
    model.name = "demo";
    model.sha256 = Sha256{std::string(64, 'a')};
    model.context_tokens = 100;
    model.price = {7, 9};
    return model;
}

ledger::PriceBook book(std::int64_t prompt) {
    ledger::PriceBook made;
    made.version = 3;
    made.currencies[Currency::cny].models["demo"] = {prompt, prompt};
    made.tiers[PrivacyClass::own] = 5'000;
    return made;
}

/// The plan of a batch of `requests` like this one.
BatchPlan plan_of(int requests, TokenPrice price, std::optional<Money> max_price) {
    BatchPlan plan;
    plan.price_book = 3;
    plan.check.lines = requests;
    plan.check.model = demo();
    plan.check.tariff = ledger::fixed_tariff(price, Currency::cny, PrivacyClass::any);
    plan.check.estimate.emplace(100, core::JobEstimate::Prices{price, price, price}, 1);
    for (int i = 0; i < requests; ++i)
        plan.check.estimate->add({.prompt_bytes = 36, .max_tokens = 10});
    plan.terms.tariff = plan.check.tariff;
    plan.terms.max_price = max_price;
    if (max_price && *max_price < plan.check.hold())
        plan.terms.item_price_max = plan.check.estimate->highest_of_one();
    return plan;
}

}  // namespace

TEST_CASE("a model is sold at the price book's price, in its tier and currency") {
    const ModelTable table({demo()}, book(1'000));
    const auto any = table.tariff(demo(), Currency::cny, PrivacyClass::any).value();
    CHECK(any.version == 3);
    CHECK(any.at({}).prompt_micros_per_million == 1'000);
    const auto own = table.tariff(demo(), Currency::cny, PrivacyClass::own).value();
    CHECK(own.at({}).prompt_micros_per_million == 500);
    CHECK(table.price_book() == 3);
}

TEST_CASE("a model without a line is sold as it was added, and in no other currency") {
    auto other = book(1'000);
    other.currencies[Currency::cny].models = {{"else", {1, 1}}};
    for (const auto& table : {ModelTable({demo()}), ModelTable({demo()}, other)}) {
        const auto fixed = table.tariff(demo(), Currency::cny, PrivacyClass::own).value();
        CHECK(fixed.version == 0);
        CHECK(fixed.at({}) == TokenPrice{7, 9});
        const auto foreign = table.tariff(demo(), Currency::usd, PrivacyClass::any);
        REQUIRE(foreign.has_error());
        CHECK(foreign.error().status() == 400);
        CHECK(foreign.error().code() == "model_not_sold");
    }
}

TEST_CASE("the catalogue changes its prices at the moment at which a version takes effect") {
    const testing::TemporaryFolder folder;
    ManualClock clock;
    boost::asio::io_context io;
    const auto store =
        store::StoreExecutor::start((folder.path() / "g.db").string(), clock, io.get_executor())
            .value();
    ModelCatalogue catalogue(*store, clock);
    const auto run = [&](auto work) {
        boost::asio::co_spawn(io, std::move(work), [](const std::exception_ptr& thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
        io.restart();
        io.run();
    };
    const WallTime change = clock.wall() + 100ms;
    const auto fill = [&]() -> boost::asio::awaitable<void> {
        std::function<Result<int>(store::Store&)> work = [&](store::Store& s) -> Result<int> {
            GLEANER_TRY(s.add_model(demo(), {}));
            store::Prices prices(s);
            store::PriceOffer now;
            now.book = book(1'000);
            GLEANER_TRY(prices.publish(now));
            store::PriceOffer later;
            later.book = book(2'000);
            later.from = change;
            GLEANER_TRY(prices.publish(later));
            return 0;
        };
        const auto done = co_await store->write(std::move(work));
        REQUIRE(done.has_value());
    };
    std::int64_t price = 0;
    const auto look = [&]() -> boost::asio::awaitable<void> {
        const auto table = co_await catalogue.current();
        REQUIRE(table.has_value());
        const auto tariff =
            table.value()->tariff(*table.value()->find("demo"), Currency::cny, PrivacyClass::any);
        price = tariff.value().at(clock.wall()).prompt_micros_per_million;
    };
    run(fill());
    run(look());
    CHECK(price == 1'000);
    CHECK(catalogue.prices_change() == change);
    clock.advance(99ms);
    run(look());
    CHECK(price == 1'000);
    clock.advance(1ms);  // well within the time that the table is kept for
    run(look());
    CHECK(price == 2'000);
    CHECK(!catalogue.prices_change());
}

TEST_CASE("a maximum price below the lowest, or below one request, is refused with a sentence") {
    const TokenPrice price{1'000'000, 1'000'000};
    BatchRequest batch;
    batch.max_price = Money{50};
    // Lowest: 5 prompt tokens and one generated, 6 each; the most of one: 100 of prompt and 10.
    auto refused = accepts(plan_of(100, price, batch.max_price), batch);
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == "max_price_too_low");
    CHECK(refused.error().message().find("0.000600 CNY") != std::string::npos);
    refused = accepts(plan_of(2, price, batch.max_price), batch);
    REQUIRE(refused.has_error());
    CHECK(refused.error().message().find("0.000110 CNY") != std::string::npos);
    batch.max_price = Money{110};
    CHECK(accepts(plan_of(2, price, batch.max_price), batch).has_value());
    batch.max_price = Money{220};  // the batch cannot cost more
    CHECK(accepts(plan_of(2, price, batch.max_price), batch).has_value());
}

TEST_CASE("a batch on the prices of a quote is refused when they have changed") {
    BatchRequest batch;
    batch.price_book = 3;
    CHECK(accepts(plan_of(1, {}, std::nullopt), batch).has_value());
    batch.price_book = 2;
    const auto refused = accepts(plan_of(1, {}, std::nullopt), batch);
    REQUIRE(refused.has_error());
    CHECK(refused.error().status() == 409);
    CHECK(refused.error().code() == "prices_changed");
}

TEST_CASE("whether a deadline is met follows from the earliest and the latest finish") {
    BatchPlan plan;
    plan.deadline = plan.now + 1h;
    CHECK(plan.meets_deadline() == "no");  // nobody is here
    plan.forecast.nodes_ready = 1;
    plan.forecast.finish_earliest = 10min;
    plan.forecast.finish_latest = 30min;
    CHECK(plan.meets_deadline() == "yes");
    plan.forecast.finish_latest = 61min;
    CHECK(plan.meets_deadline() == "uncertain");
    plan.outlook.wait_until = plan.now + 51min;
    CHECK(plan.meets_deadline() == "no");
}

TEST_CASE("a batch's object tells its prices, its limit and why it waits") {
    store::Job job;
    job.terms.tariff.version = 3;
    job.terms.max_price = Money{1'500'000};
    job.terms.warnings = {"it may be late"};
    const runtime::JobNote note{"waiting_for_price", "It waits."};
    const auto shown = batch_object(job, std::nullopt, note).at("gleaner").as_object();
    CHECK(shown.at("price_book") == 3);
    CHECK(shown.at("max_price") == "1.500000");
    CHECK(shown.at("currency") == "CNY");
    CHECK(shown.at("status") == "waiting_for_price");
    CHECK(shown.at("note") == "It waits.");
    CHECK(shown.at("warnings").as_array().size() == 1);
    const auto plain = batch_object({}, std::nullopt).at("gleaner").as_object();
    CHECK(plain.at("price_book").is_null());
    CHECK(plain.at("max_price").is_null());
    CHECK(plain.at("note").is_null());
}
