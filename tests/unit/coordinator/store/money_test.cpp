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
    Money credit() { return store->available_credit(world.customer.id).value(); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a top-up with the same key is made once") {
    CHECK(credit() == Money{});
    REQUIRE(store->top_up(world.customer.id, {500}, "invoice-1").has_value());
    REQUIRE(store->top_up(world.customer.id, {500}, "invoice-1").has_value());
    CHECK(credit() == Money{500});
    REQUIRE(store->top_up(world.customer.id, {70}, "invoice-2").has_value());
    CHECK(credit() == Money{570});
}

TEST_CASE_FIXTURE(Fixture, "a key that was used for another amount is refused") {
    REQUIRE(store->top_up(world.customer.id, {500}, "invoice-1").has_value());
    CHECK(store->top_up(world.customer.id, {501}, "invoice-1").error().code() ==
          ErrorCode::already_exists);
    CHECK(credit() == Money{500});
}

TEST_CASE_FIXTURE(Fixture, "two customers may use the same key") {
    const auto other = store->add_customer("Other", {}, {}).value();
    REQUIRE(store->top_up(world.customer.id, {500}, "k").has_value());
    REQUIRE(store->top_up(other.id, {30}, "k").has_value());
    CHECK(store->available_credit(other.id).value() == Money{30});
}

TEST_CASE_FIXTURE(Fixture, "nothing, less than nothing and an unknown customer are no top-ups") {
    CHECK(store->top_up(world.customer.id, {0}, "k").error().code() == ErrorCode::invalid_argument);
    CHECK(store->top_up(world.customer.id, {-5}, "k").error().code() ==
          ErrorCode::invalid_argument);
    CHECK(store->top_up(world.customer.id, {5}, "").error().code() == ErrorCode::invalid_argument);
    CHECK(store->top_up(CustomerId{"cus_x"}, {5}, "k").error().code() == ErrorCode::not_found);
    CHECK(store->available_credit(CustomerId{"cus_x"}).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "entries of one microsecond keep distinct numbers") {
    for (int i = 0; i < 100; ++i) {
        REQUIRE(store->top_up(world.customer.id, {1}, "k" + std::to_string(i)).has_value());
    }
    CHECK(credit() == Money{100});
    CHECK(store->check_ledger().value().entries == 100);
    CHECK(store->check_ledger().value().violations.empty());
}

TEST_CASE_FIXTURE(Fixture, "a split that does not sum to the whole is refused") {
    CHECK(store->set_split({7'000, 0, 0, 2'000}).error().code() == ErrorCode::invalid_argument);
    REQUIRE(store->set_split({5'000, 0, 0, 5'000}).has_value());
    REQUIRE(store->top_up(world.customer.id, {1'000}, "k").has_value());
    Acceptance stream;
    stream.meters.push_back(world.meter("s", {100}));
    (void)store->accept(std::span(&stream, 1)).value();
    CHECK(store->owner_statement(world.owner.id, {}, clock.wall() + 1h).value().closing ==
          Money{50});
    CHECK(store->check_ledger().value().violations.empty());
}
