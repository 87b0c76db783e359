/// Aim: every party's statement adds up (opening + lines = closing) for any period, and what it
/// says is what the postings say.

#include <doctest/doctest.h>

#include "shared/util/random.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {1'000'000});
    WallTime start = clock.wall();

    void accept(const Acceptance& acceptance) {
        (void)store->accept(std::span(&acceptance, 1)).value();
    }
    WallTime later() const { return clock.wall() + 1h; }
};

const ledger::StatementLine* line(const ledger::Statement& statement, std::string_view label) {
    for (const auto& candidate : statement.lines) {
        if (candidate.label.find(label) != std::string::npos) return &candidate;
    }
    return nullptr;
}

void check_sum(const ledger::Statement& statement) {
    Money sum = statement.opening;
    for (const auto& item : statement.lines) sum += item.amount;
    CHECK_MESSAGE(sum == statement.closing, statement.party);
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an owner sees each node and device class with its work and earnings") {
    const auto job = store->admit_job(world.job(10), {10'000}).value();
    accept(world.item(job, 0, {1'000}, 0));
    accept(world.item(job, 1, {1'000}, 0));
    auto gpu = world.item(job, 2, {2'000}, 1);
    gpu.meters[0].device_class = "NVIDIA GeForce RTX 4060";
    accept(gpu);

    const auto statement = store->owner_statement(world.owner.id, {}, later()).value();
    check_sum(statement);
    CHECK(statement.lines.size() == 2);
    const auto* const first = line(statement, world.nodes[0].get());
    REQUIRE(first != nullptr);
    CHECK(first->items == 2);
    CHECK(first->prompt_tokens == 40);
    CHECK(first->generated_tokens == 20);
    CHECK(first->device_micros == 10'000);
    CHECK(first->amount == Money{1'400});
    REQUIRE(line(statement, "RTX 4060") != nullptr);
    CHECK(line(statement, "RTX 4060")->amount == Money{1'400});
    CHECK(statement.closing == Money{2'800});
}

TEST_CASE_FIXTURE(Fixture, "partners see what each owner and customer they brought has yielded") {
    const auto job = store->admit_job(world.job(10), {10'000}).value();
    accept(world.item(job, 0, {1'000}));
    const auto reseller = store->partner_statement(world.owner_partner.id, {}, later()).value();
    check_sum(reseller);
    REQUIRE(line(reseller, "owner Sunny Cafe") != nullptr);
    CHECK(line(reseller, "owner Sunny Cafe")->amount == Money{50});
    const auto agency = store->partner_statement(world.customer_partner.id, {}, later()).value();
    check_sum(agency);
    REQUIRE(line(agency, "customer Acme") != nullptr);
    CHECK(agency.closing == Money{50});
}

TEST_CASE_FIXTURE(Fixture, "a customer sees top-ups, work by day and model, and what is held") {
    Model model;
    model.name = "demo";
    model.sha256 = world.model;
    REQUIRE(store->add_model(model, {}).has_value());
    const auto job = store->admit_job(world.job(10), {10'000}).value();
    accept(world.item(job, 0, {1'000}));
    clock.advance(24h);
    accept(world.item(job, 1, {500}));
    Acceptance stream;
    stream.meters.push_back(world.meter("stream", {7}));
    accept(stream);

    auto statement = store->customer_statement(world.customer.id, {}, later()).value();
    check_sum(statement);
    CHECK(line(statement, "top_up")->amount == Money{1'000'000});
    CHECK(line(statement, "2026-09-21, model demo")->amount == Money{-1'000});
    CHECK(line(statement, "2026-09-22, model demo")->amount == Money{-507});
    CHECK(line(statement, "2026-09-22, model demo")->items == 2);
    CHECK(line(statement, "held")->amount == Money{-8'500});
    CHECK(statement.closing == store->available_credit(world.customer.id).value());

    REQUIRE(store->end_job(job.id, JobState::completed, {}, {}).has_value());
    statement = store->customer_statement(world.customer.id, {}, later()).value();
    check_sum(statement);
    CHECK(line(statement, "held") == nullptr);
    CHECK(statement.closing == Money{998'493});
}

TEST_CASE_FIXTURE(Fixture, "the platform sees its share by model") {
    const auto job = store->admit_job(world.job(10), {10'000}).value();
    accept(world.item(job, 0, {1'000}));
    const auto statement = store->platform_statement({}, later()).value();
    check_sum(statement);
    CHECK(statement.lines.size() == 1);
    CHECK(statement.closing == Money{200});
}

TEST_CASE_FIXTURE(Fixture, "consecutive periods meet, whatever microsecond divides them") {
    const auto job = store->admit_job(world.job(200), {50'000}).value();
    Random random(11);
    for (std::int64_t i = 0; i < 100; ++i) {
        clock.advance(Duration{static_cast<std::int64_t>(random.below(3))});
        auto acceptance = world.item(job, i, {static_cast<std::int64_t>(random.below(300))});
        if (random.chance(0.5)) {
            acceptance.meters.push_back(world.meter("part" + std::to_string(i), {11}, 1));
        }
        accept(acceptance);
    }
    const auto end = clock.wall() + 1s;
    for (int round = 0; round < 60; ++round) {
        const WallTime middle = start + Duration{static_cast<std::int64_t>(random.below(150))};
        const auto check = [&](auto&& statement_of) {
            const ledger::Statement first = statement_of(WallTime{}, middle);
            const ledger::Statement second = statement_of(middle, end);
            check_sum(first);
            check_sum(second);
            CHECK(first.opening == Money{});
            CHECK(first.closing == second.opening);
        };
        check([&](WallTime from, WallTime to) {
            return store->owner_statement(world.owner.id, from, to).value();
        });
        check([&](WallTime from, WallTime to) {
            return store->customer_statement(world.customer.id, from, to).value();
        });
        check([&](WallTime from, WallTime to) {
            return store->partner_statement(world.owner_partner.id, from, to).value();
        });
        check([&](WallTime from, WallTime to) {
            return store->platform_statement(from, to).value();
        });
    }
}

TEST_CASE_FIXTURE(Fixture, "who has done nothing has an empty statement, who is unknown has none") {
    const auto statement = store->owner_statement(world.owner.id, {}, later()).value();
    CHECK(statement.lines.empty());
    CHECK(statement.closing == Money{});
    CHECK(statement.party == "owner Sunny Cafe");
    CHECK(store->owner_statement(OwnerId{"own_x"}, {}, later()).error().code() ==
          ErrorCode::not_found);
    CHECK(store->partner_statement(PartnerId{"par_x"}, {}, later()).error().code() ==
          ErrorCode::not_found);
    CHECK(store->customer_statement(CustomerId{"cus_x"}, {}, later()).error().code() ==
          ErrorCode::not_found);
}
