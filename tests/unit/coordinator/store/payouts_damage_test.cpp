/// Aim: the database itself refuses to change, undo or repeat a payout, and where it was made to,
/// the ledger's check finds it. Method: SQL on the file beside the store.

#include <doctest/doctest.h>

#include "coordinator/store/sqlite/database.h"
#include "tests/support/payout_world.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;
using namespace gleaner::testing;

namespace {

/// One payout that is requested and one that is settled.
struct Fixture {
    ManualClock clock;
    testing::TemporaryFolder folder;
    std::string path = (folder.path() / "store.db").string();

    Fixture() {
        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        const auto world = StoreWorld::fill(*store, clock, {});
        const auto owner = party_of(world.owner);
        add_operators(*store);
        earn(*store, owner, {1'000 * yuan});
        (void)verified_account(*store, owner);
        Payouts payouts(*store);
        const auto policy = payout_policy();
        const auto sent =
            payouts.request(payout_request(owner, "1", Money{200 * yuan}), policy).value();
        (void)payouts.approve(sent.id, "ann").value();
        (void)payouts.export_batch(batch_request("b"), plain_unseal()).value();
        (void)payouts.settle(sent.id, "ann", "").value();
        (void)payouts.request(payout_request(owner, "2", Money{300 * yuan}), policy).value();
    }
    Status run(const std::string& statements) {
        auto database = Database::open(path, Database::Mode::read_write).value();
        return database->execute(statements.c_str());
    }
    std::string violations() {
        auto store = Store::open(path, Store::Mode::read_only, clock).value();
        const auto report = store->check_ledger().value();
        std::string all;
        for (const auto& violation : report.violations) all += violation + "\n";
        return all;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a payout that was not tampered with is found right") {
    CHECK(violations().empty());
}

TEST_CASE_FIXTURE(Fixture, "the database refuses to change, undo, repeat or forget payouts") {
    for (const char* tampering :
         {"UPDATE payouts SET micros = micros * 2", "UPDATE payouts SET party = 'own_x'",
          "UPDATE payouts SET account_version = 2", "UPDATE payouts SET approvals_needed = 1",
          "UPDATE payouts SET state = 'approved' WHERE state = 'settled'",
          "UPDATE payouts SET state = 'failed' WHERE state = 'settled'",
          "UPDATE payouts SET state = 'settled' WHERE state = 'requested'",
          "UPDATE payouts SET batch = NULL WHERE batch IS NOT NULL",
          "UPDATE payouts SET batch = 1 WHERE batch IS NULL", "DELETE FROM payouts",
          "UPDATE payout_batches SET micros = 1", "DELETE FROM payout_batches",
          "UPDATE payout_approvals SET operator = 'bob'", "DELETE FROM payout_approvals",
          "UPDATE payout_accounts SET masked = '****1111'",
          "UPDATE payout_accounts SET verified_by = 'eve'", "DELETE FROM payout_accounts",
          "INSERT INTO payout_approvals VALUES (1, 'ann', 5)"}) {
        CAPTURE(tampering);
        CHECK(run(tampering).has_error());
    }
    CHECK(violations().empty());
}

TEST_CASE_FIXTURE(Fixture, "money left in the account of a payout that is over is found") {
    REQUIRE(run("DROP TRIGGER payouts_go_one_way;"
                "UPDATE payouts SET state = 'rejected' WHERE state = 'requested'")
                .has_value());
    CHECK(violations().find("is rejected and its account holds 300.000000") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a payout that is said to be under way and has no money is found") {
    REQUIRE(run("DROP TRIGGER payouts_go_one_way;"
                "UPDATE payouts SET state = 'sent' WHERE state = 'settled'")
                .has_value());
    CHECK(violations().find("is sent and its account holds 0.000000") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a payout that arrived and is said to have failed is found") {
    REQUIRE(run("DROP TRIGGER payouts_go_one_way;"
                "UPDATE payouts SET state = 'failed' WHERE state = 'settled'")
                .has_value());
    CHECK(violations().find("is failed and ended with an entry of the kind payout_sent") !=
          std::string::npos);
}
