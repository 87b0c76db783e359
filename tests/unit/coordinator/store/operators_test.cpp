#include "coordinator/store/operators.h"

#include <doctest/doctest.h>

#include "coordinator/store/sqlite/database.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    Operators operators{*store};

    Result<Credential> key(std::string_view name, std::uint64_t secret) {
        return store->add_credential(PrincipalKind::operator_, name, "", fake_sha256(secret));
    }
    OperatorRole role_of(std::uint64_t secret) {
        return store->authenticate(fake_sha256(secret)).value().role;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "the first operator is admin, and a later one is added before its key") {
    REQUIRE(key("root", 1).has_value());
    CHECK(role_of(1) == OperatorRole::admin);
    const auto unknown = key("ann", 2);
    CHECK(unknown.error().code() == ErrorCode::not_found);
    CHECK(unknown.error().message().find("operator add") != std::string::npos);
    clock.advance(1s);
    REQUIRE(operators.add("ann", OperatorRole::finance).has_value());
    REQUIRE(key("ann", 2).has_value());
    CHECK(role_of(2) == OperatorRole::finance);
    CHECK(operators.add("ann", OperatorRole::support).error().code() == ErrorCode::already_exists);
    CHECK(operators.add("", OperatorRole::support).error().code() == ErrorCode::invalid_argument);
    CHECK(operators.add(std::string(201, 'x'), OperatorRole::support).has_error());
    const auto all = operators.list().value();
    REQUIRE(all.size() == 2);
    CHECK(all[1].role == OperatorRole::finance);
}

TEST_CASE_FIXTURE(Fixture, "a role is changed at once for all keys, but somebody stays admin") {
    REQUIRE(key("root", 1).has_value());
    REQUIRE(operators.add("ann", OperatorRole::support).has_value());
    REQUIRE(key("ann", 2).has_value());
    CHECK(operators.set_role("root", OperatorRole::finance).error().code() ==
          ErrorCode::failed_precondition);
    CHECK(operators.set_role("root", OperatorRole::admin).has_value());
    CHECK(operators.set_role("ann", OperatorRole::admin).value().role == OperatorRole::admin);
    CHECK(role_of(2) == OperatorRole::admin);
    CHECK(operators.set_role("root", OperatorRole::support).has_value());
    CHECK(role_of(1) == OperatorRole::support);
    CHECK(operators.set_role("nobody", OperatorRole::support).error().code() ==
          ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "the key of an owner has no operator's role") {
    (void)testing::StoreWorld::fill(*store, clock, {});
    CHECK(role_of(1) == OperatorRole::support);
}

TEST_CASE("operators of an older database stay what they were: able to do everything") {
    ManualClock clock;
    testing::TemporaryFolder folder;
    const auto path = (folder.path() / "old.db").string();
    {
        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        for (const char* name : {"root", "ann"}) {
            (void)Operators(*store).add(name, OperatorRole::support).value();
            const auto secret = fake_sha256(name[0] == 'r' ? 1 : 2);
            (void)store->add_credential(PrincipalKind::operator_, name, "", secret).value();
        }
    }
    // As if the migration had not been run yet: it is the last one here.
    std::string last;
    for (const auto& migration : sql::migrations)
        if (std::string_view(migration.name) == "0007_payouts") last = migration.sql;
    REQUIRE(!last.empty());
    const auto insert = last.find("INSERT INTO operators");
    const auto end = last.find(';', insert);
    {
        auto database = Database::open(path, Database::Mode::read_write).value();
        database->execute("DELETE FROM operators").value();
        database->execute(last.substr(insert, end - insert).c_str()).value();
    }
    auto store = Store::open(path, Store::Mode::read_write, clock).value();
    const auto all = Operators(*store).list().value();
    REQUIRE(all.size() == 2);
    for (const auto& one : all) CHECK(one.role == OperatorRole::admin);
}
