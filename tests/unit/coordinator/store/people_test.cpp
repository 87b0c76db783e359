#include <doctest/doctest.h>

#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "people are read back as they were added, in order") {
    const auto world = StoreWorld::fill(*store, clock, {});
    CHECK(store->owner(world.owner.id).value().name == "Sunny Cafe");
    CHECK(store->owner(world.owner.id).value().referred_by == world.owner_partner.id);
    CHECK(store->partner(world.customer_partner.id).value().name == "Agency");
    CHECK(store->project(world.project.id).value().customer == world.customer.id);
    const auto own = store->add_customer("Own", {}, world.owner.id).value();
    CHECK(store->customer(own.id).value().own_sites_of == world.owner.id);
    CHECK(store->customer(own.id).value().referred_by.empty());
    const auto customers = store->customers().value();
    REQUIRE(customers.size() == 2);
    CHECK(customers[0].id == world.customer.id);
    CHECK(customers[1].id == own.id);
    CHECK(store->projects(own.id).value().empty());
    CHECK(store->projects(world.customer.id).value().size() == 1);
    CHECK(store->owners().value().size() == 1);
    CHECK(store->partners().value().size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "nobody is added with an empty name or for somebody unknown") {
    CHECK(store->add_owner("", {}).error().code() == ErrorCode::invalid_argument);
    CHECK(store->add_owner("A", PartnerId{"par_none"}).error().code() == ErrorCode::not_found);
    CHECK(store->add_project(CustomerId{"cus_none"}, "p").error().code() == ErrorCode::not_found);
    const auto key =
        store->add_credential(PrincipalKind::project, "proj_none", "k", fake_sha256(3));
    CHECK(key.error().code() == ErrorCode::not_found);
    const auto bare = store->add_credential(PrincipalKind::operator_, "root", "k", "plain secret");
    CHECK(bare.error().code() == ErrorCode::invalid_argument);
}

TEST_CASE_FIXTURE(Fixture, "a key tells who it speaks for") {
    const auto world = StoreWorld::fill(*store, clock, {});
    const auto key =
        store->add_credential(PrincipalKind::project, world.project.id.get(), "ci", fake_sha256(5))
            .value();
    const auto principal = store->authenticate(fake_sha256(5)).value();
    CHECK(principal.kind == PrincipalKind::project);
    CHECK(principal.credential_id == key.id);
    CHECK(principal.subject == world.project.id.get());
    CHECK(principal.customer == world.customer.id);
    const auto owner = store->authenticate(fake_sha256(1)).value();
    CHECK(owner.kind == PrincipalKind::owner);
    CHECK(owner.customer.empty());
}

TEST_CASE_FIXTURE(Fixture, "a revoked key and an unknown one are refused with the same words") {
    const auto world = StoreWorld::fill(*store, clock, {});
    REQUIRE(store->revoke_credential(world.owner_key.id).has_value());
    const auto revoked = store->authenticate(fake_sha256(1));
    const auto unknown = store->authenticate(fake_sha256(6));
    CHECK(revoked.error().code() == ErrorCode::unauthenticated);
    CHECK(revoked.error().message() == unknown.error().message());
    const auto keys = store->credentials(PrincipalKind::owner, world.owner.id.get()).value();
    REQUIRE(keys.size() == 1);
    CHECK(keys[0].revoked == clock.wall());
    CHECK(store->revoke_credential("key_none").error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "one secret makes one key") {
    (void)store->add_credential(PrincipalKind::operator_, "ann", "a", fake_sha256(8)).value();
    const auto again = store->add_credential(PrincipalKind::operator_, "ann", "b", fake_sha256(8));
    CHECK(again.error().code() == ErrorCode::already_exists);
}
