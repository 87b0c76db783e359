#include <doctest/doctest.h>

#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {});
    ProjectId project = world.project.id;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "the first request claims the key, a repeated one gets the reply") {
    CHECK_FALSE(store->claim_idempotency_key(project, "k", "sha-a").value());
    const auto running = store->claim_idempotency_key(project, "k", "sha-a").value();
    REQUIRE(running);
    CHECK(running->http_status == 0);
    REQUIRE(store->finish_idempotency_key(project, "k", 201, "{}").has_value());
    const auto finished = store->claim_idempotency_key(project, "k", "sha-b").value();
    REQUIRE(finished);
    CHECK(finished->http_status == 201);
    CHECK(finished->body == "{}");
    CHECK(finished->request_sha256 == "sha-a");
}

TEST_CASE_FIXTURE(Fixture, "a finished reply is neither replaced nor released") {
    (void)store->claim_idempotency_key(project, "k", "a").value();
    REQUIRE(store->finish_idempotency_key(project, "k", 200, "first").has_value());
    REQUIRE(store->finish_idempotency_key(project, "k", 500, "second").has_value());
    REQUIRE(store->release_idempotency_key(project, "k").has_value());
    CHECK(store->claim_idempotency_key(project, "k", "a").value()->body == "first");
}

TEST_CASE_FIXTURE(Fixture, "a released key can be claimed again") {
    (void)store->claim_idempotency_key(project, "k", "a").value();
    REQUIRE(store->release_idempotency_key(project, "k").has_value());
    CHECK_FALSE(store->claim_idempotency_key(project, "k", "a").value());
}

TEST_CASE_FIXTURE(Fixture, "keys of one project do not meet those of another") {
    const auto other = store->add_project(world.customer.id, "other").value();
    (void)store->claim_idempotency_key(project, "k", "a").value();
    CHECK_FALSE(store->claim_idempotency_key(other.id, "k", "a").value());
}

TEST_CASE_FIXTURE(Fixture, "a reply is kept for a day") {
    (void)store->claim_idempotency_key(project, "k", "a").value();
    REQUIRE(store->finish_idempotency_key(project, "k", 200, "x").has_value());
    clock.advance(24h);
    CHECK(store->claim_idempotency_key(project, "k", "a").value());
    clock.advance(1us);
    CHECK_FALSE(store->claim_idempotency_key(project, "k", "a").value());
}

TEST_CASE_FIXTURE(Fixture, "a restart forgets requests that died, and keeps finished replies") {
    (void)store->claim_idempotency_key(project, "died", "a").value();
    (void)store->claim_idempotency_key(project, "done", "a").value();
    REQUIRE(store->finish_idempotency_key(project, "done", 200, "x").has_value());
    CHECK(store->next_epoch().value() == 1);
    CHECK(store->next_epoch().value() == 2);
    CHECK_FALSE(store->claim_idempotency_key(project, "died", "a").value());
    CHECK(store->claim_idempotency_key(project, "done", "a").value());
}
