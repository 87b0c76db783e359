/// Aim: a key has the scopes and limits that were given to it, and opens nothing once it expired.

#include <doctest/doctest.h>

#include "coordinator/store/tenants.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {});
    Tenants tenants{*store};

    Result<Credential> add(const KeyLimits& limits, std::uint64_t secret = 50) {
        return store->add_credential(PrincipalKind::project, world.project.id.get(), "app",
                                     fake_sha256(secret), limits);
    }
};

}  // namespace

TEST_CASE("scopes are read and written by name") {
    CHECK(to_string(usual_scopes) == "inference batches files usage");
    CHECK(parse_scopes("files, inference").value() == Scopes{Scope::inference, Scope::files});
    CHECK(parse_scopes("").value().empty());
    const auto wrong = parse_scopes("inference root");
    REQUIRE(wrong.has_error());
    CHECK(wrong.error().message().find("no scope \"root\"") != std::string::npos);
    for (const auto& [scope, name] : scope_names)
        CHECK(parse_scopes(name).value() == Scopes{scope});
}

TEST_CASE_FIXTURE(Fixture, "a key keeps its scopes, cap, rates and expiry") {
    KeyLimits limits;
    limits.scopes = {Scope::inference, Scope::admin};
    limits.monthly_cap = Money{5'000'000};
    limits.requests_per_minute = 60;
    limits.tokens_per_minute = 9'000;
    limits.expires = clock.wall() + 1h;
    const auto made = add(limits).value();
    const auto listed =
        store->credentials(PrincipalKind::project, world.project.id.get()).value().at(0);
    CHECK(listed.id == made.id);
    CHECK(listed.limits.scopes == limits.scopes);
    CHECK(listed.limits.monthly_cap == limits.monthly_cap);
    CHECK(listed.limits.requests_per_minute == 60);
    CHECK(listed.limits.tokens_per_minute == 9'000);
    CHECK(listed.limits.expires == limits.expires);
    const auto principal = store->authenticate(fake_sha256(50)).value();
    CHECK(principal.scopes == limits.scopes);
    CHECK(principal.requests_per_minute == 60);
    CHECK(principal.tokens_per_minute == 9'000);
    CHECK(principal.expires == limits.expires);
    CHECK(principal.customer == world.customer.id);
    CHECK(principal.currency == Currency::cny);
}

TEST_CASE_FIXTURE(Fixture, "a key without a word about limits may do all but administer") {
    (void)add({}).value();
    const auto principal = store->authenticate(fake_sha256(50)).value();
    CHECK(principal.scopes == usual_scopes);
    CHECK(!principal.scopes.has(Scope::admin));
    CHECK(principal.requests_per_minute == 0);
}

TEST_CASE_FIXTURE(Fixture, "a key that has expired is as unknown as one that never was") {
    KeyLimits limits;
    limits.expires = clock.wall() + 1h;
    (void)add(limits).value();
    CHECK(store->authenticate(fake_sha256(50)).has_value());
    clock.advance(1h);
    const auto expired = store->authenticate(fake_sha256(50));
    REQUIRE(expired.has_error());
    CHECK(expired.error().code() == ErrorCode::unauthenticated);
    CHECK(expired.error().message() == store->authenticate(fake_sha256(999)).error().message());
}

TEST_CASE_FIXTURE(Fixture, "limits that make no sense are refused and no key is made") {
    std::vector<KeyLimits> wrong(5);
    wrong[0].scopes = {};
    wrong[1].monthly_cap = Money{0};
    wrong[2].requests_per_minute = -1;
    wrong[3].tokens_per_minute = -1;
    wrong[4].expires = clock.wall();
    for (const auto& limits : wrong)
        CHECK(add(limits).error().code() == ErrorCode::invalid_argument);
    KeyLimits capped;
    capped.monthly_cap = Money{1};
    CHECK(store->add_credential(PrincipalKind::operator_, "root", "", fake_sha256(51), capped)
              .error()
              .code() == ErrorCode::invalid_argument);
    CHECK(store->credentials(PrincipalKind::project, world.project.id.get()).value().empty());
}

TEST_CASE_FIXTURE(Fixture, "a key's limits can be replaced until it is revoked") {
    const auto key = add({}).value();
    KeyLimits limits;
    limits.scopes = {Scope::files};
    limits.monthly_cap = Money{7};
    const auto changed = tenants.set_key_limits(key.id, "renamed", limits).value();
    CHECK(changed.label == "renamed");
    CHECK(changed.limits.monthly_cap == Money{7});
    CHECK(store->authenticate(fake_sha256(50)).value().scopes == Scopes{Scope::files});
    CHECK(tenants.set_key_limits("key_none", "", {}).error().code() == ErrorCode::not_found);
    limits.scopes = {};
    CHECK(tenants.set_key_limits(key.id, "", limits).error().code() == ErrorCode::invalid_argument);
    store->revoke_credential(key.id).value();
    CHECK(tenants.set_key_limits(key.id, "", {}).error().code() == ErrorCode::failed_precondition);
}

TEST_CASE_FIXTURE(Fixture, "a key speaks in its project's currency") {
    const auto project = store->add_project(world.customer.id, "abroad", Currency::usd).value();
    (void)store->add_credential(PrincipalKind::project, project.id.get(), "", fake_sha256(60))
        .value();
    CHECK(store->authenticate(fake_sha256(60)).value().currency == Currency::usd);
}
