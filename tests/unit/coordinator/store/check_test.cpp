/// Aim: check_ledger finds each kind of damage. Method: a good ledger, its triggers taken away, is
/// damaged by SQL; the report must name what was done.

#include <doctest/doctest.h>

#include "coordinator/store/sqlite/database.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    testing::TemporaryFolder folder;
    std::string path = (folder.path() / "store.db").string();

    Fixture() {
        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        store->begin().value();
        const auto world = StoreWorld::fill(*store, clock, {10'000});
        const auto job = store->admit_job(world.job(4), {1'000}).value();
        (void)store->accept(std::vector{world.item(job, 0, {100}), world.item(job, 1, {100})})
            .value();
        const auto done = store->admit_job(world.job(1), {}).value();
        (void)store->end_job(done.id, JobState::completed, {}, {}).value();
        store->commit().value();
    }

    /// The violations after `damage`.
    std::string check_after(const std::string& damage) {
        {
            auto database = Database::open(path, Database::Mode::read_write).value();
            for (const auto* table :
                 {"entries", "postings", "meters", "meter_sources", "usage_sources"}) {
                for (const auto* what : {"update", "delete"}) {
                    const auto drop = std::string("DROP TRIGGER ") + table + "_no_" + what;
                    database->execute(drop.c_str()).value();
                }
            }
            database->execute("PRAGMA ignore_check_constraints = ON").value();
            database->execute(damage.c_str()).value();
        }
        auto store = Store::open(path, Store::Mode::read_only, clock).value();
        std::string violations;
        const auto report = store->check_ledger().value();
        for (const auto& violation : report.violations) {
            violations += violation + "\n";
        }
        return violations;
    }
    void check_finds(const std::string& damage, std::string_view words) {
        const auto violations = check_after(damage);
        CHECK_MESSAGE(violations.find(words) != std::string::npos, violations);
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a ledger without damage has no violations") {
    CHECK(check_after("SELECT 1").empty());
}

TEST_CASE_FIXTURE(Fixture, "a posting that was changed unbalances its entry and the whole") {
    check_finds("UPDATE postings SET micros = micros + 1 WHERE micros = 70",
                "is not balanced: it sums to 0.000001");
}

TEST_CASE_FIXTURE(Fixture, "money that appears from nowhere shows in the sum") {
    check_finds("UPDATE postings SET micros = micros + 1 WHERE micros = 70",
                "all postings in CNY sum to 0.000002 instead of zero");
}

TEST_CASE_FIXTURE(Fixture, "a posting without its entry is found") {
    check_finds("DELETE FROM entries WHERE kind = 'hold'", "have no entry");
}

TEST_CASE_FIXTURE(Fixture, "an entry without postings is found") {
    check_finds("INSERT INTO entries (number, kind) VALUES (5, 'charge')",
                "entry 5 has no postings");
}

TEST_CASE_FIXTURE(Fixture, "a running balance that drifted is found") {
    check_finds(
        "UPDATE balances SET micros = micros + 7 WHERE account = "
        "(SELECT number FROM accounts WHERE name = 'platform')",
        "account platform has the balance 0.000047, its postings sum to 0.000040");
}

TEST_CASE_FIXTURE(Fixture, "a hold below zero is found") {
    check_finds(
        "INSERT INTO entries (number, kind) VALUES (5, 'release');"
        "INSERT INTO postings (account, entry, micros) SELECT hold_account, 5, -900 FROM "
        "jobs WHERE ended IS NULL;"
        "INSERT INTO postings (account, entry, micros) SELECT number, 5, 900 FROM accounts "
        "WHERE name = 'platform'",
        "is below zero: -0.000100");
}

TEST_CASE_FIXTURE(Fixture, "a job that ended with money held is found") {
    check_finds("UPDATE jobs SET ended = 1, state = 'completed'", "has ended and still holds");
}

TEST_CASE_FIXTURE(Fixture, "a charge that its meter records do not explain is found") {
    check_finds("UPDATE meters SET price = 99 WHERE attempt_key = '1:0'",
                "charges 0.000100, its meter records say 0.000099");
}

TEST_CASE_FIXTURE(Fixture, "shares that exceed their price are found") {
    check_finds("UPDATE meters SET owner_share = 101 WHERE attempt_key = '1:0'",
                "the shares of attempt 1:0 do not divide its price");
}

TEST_CASE_FIXTURE(Fixture, "a share moved between parties shows as a statement unlike postings") {
    check_finds(
        "UPDATE meters SET owner_share = 60, owner_partner_share = 15 "
        "WHERE attempt_key = '1:0'",
        "its meter records sum to 0.000130, the charges posted to it to 0.000140");
}

TEST_CASE_FIXTURE(Fixture, "an attempt that was billed twice is found") {
    check_finds(
        "DROP INDEX meters_by_source;"
        "CREATE TABLE copy AS SELECT * FROM meters;"
        "DROP TABLE meters;"
        "CREATE TABLE meters AS SELECT * FROM copy UNION ALL "
        "SELECT number + 1, source, attempt_key, request, prompt_tokens, generated_tokens,"
        " device_micros, price, owner_share, owner_partner_share, customer_partner_share,"
        " cached_tokens, reference_micros, usage "
        "FROM copy WHERE attempt_key = '1:1';"
        "CREATE INDEX meters_by_source ON meters (source)",
        "attempt 1:1 was billed 2 times");
}

TEST_CASE_FIXTURE(Fixture, "a day that is not the sum of its meter records is found") {
    check_finds("UPDATE meter_days SET parts = parts + 1", "is not what its meter records sum to");
}

TEST_CASE_FIXTURE(Fixture, "what is pending below zero is found") {
    check_finds(
        "INSERT INTO entries (number, kind) VALUES (5, 'confirm');"
        "INSERT INTO postings (account, entry, micros) SELECT number, 5, -900 FROM accounts "
        "WHERE name LIKE 'pending:owner:%';"
        "INSERT INTO postings (account, entry, micros) SELECT number, 5, 900 FROM accounts "
        "WHERE name = 'platform'",
        "is below zero: -0.000760");
}

TEST_CASE_FIXTURE(Fixture, "usage that is not what the meter records say is found") {
    check_finds("UPDATE usage_hours SET requests = requests + 1", "of usage source");
}

TEST_CASE_FIXTURE(Fixture, "spending that is not what was used is found") {
    check_finds(
        "UPDATE spend_months SET micros = micros - 7 WHERE spender = "
        "(SELECT number FROM spenders WHERE kind = 'project')",
        "what project proj_");
}
