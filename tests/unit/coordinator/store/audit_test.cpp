/// Aim: whatever is done to the audit log's rows behind the store's back is noticed. Method: a good
/// log, its triggers taken away, is changed by SQL; verify() must name the first row that is wrong.

#include "coordinator/store/audit.h"

#include <doctest/doctest.h>

#include "coordinator/store/closes.h"
#include "coordinator/store/sqlite/database.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

AuditAct act(const std::string& who, const std::string& action) {
    return {who, "key_" + who, action, R"({"name":"x"})"};
}

struct Fixture {
    ManualClock clock;
    testing::TemporaryFolder folder;
    std::string path = (folder.path() / "store.db").string();
    ledger::AuditHead head;  ///< after six rows

    Fixture() {
        auto store = open();
        Audit audit(*store);
        for (const auto* who : {"mei", "jun", "mei"}) {
            clock.advance(1s);
            const auto intent = audit.intend(act(who, "POST /api/v1/owners")).value();
            clock.advance(1s);
            audit.conclude(intent, "200").value();
        }
        head = audit.head().value();
    }
    std::unique_ptr<Store> open() {
        return Store::open(path, Store::Mode::read_write, clock).value();
    }
    void damage(const std::string& sql) {
        auto database = Database::open(path, Database::Mode::read_write).value();
        database
            ->execute(
                "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;"
                "DROP TRIGGER audit_no_gap;")
            .value();
        database->execute(sql.c_str()).value();
    }
    AuditCheck check(const std::optional<ledger::AuditHead>& expected = std::nullopt) {
        auto store = open();
        return Audit(*store).verify(expected).value();
    }
    AuditCheck check_after(const std::string& sql) {
        damage(sql);
        return check();
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a log that nobody touched fits, and says how long it is") {
    const auto checked = check(head);
    CHECK(checked.rows == 6);
    CHECK(checked.head == head);
    CHECK(checked.first_bad == 0);
    CHECK(checked.problem.empty());
    CHECK(checked.unfinished == 0);
}

TEST_CASE("an empty log fits, and has no head") {
    ManualClock clock;
    auto store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    const auto checked = Audit(*store).verify().value();
    CHECK(checked.rows == 0);
    CHECK(checked.first_bad == 0);
    CHECK(checked.head == ledger::AuditHead{});
}

TEST_CASE_FIXTURE(Fixture, "a row of which any part was changed is the first that does not fit") {
    for (const auto* change :
         {"operator = 'eve'", "credential = 'key_eve'", "action = 'GET /'", "sent = 'x'",
          "at = at + 1", "outcome = '403'",
          "hash = '0123456789012345678901234567890123456789012345678901234567890123'"}) {
        Fixture fresh;
        CAPTURE(change);
        const auto checked =
            fresh.check_after(std::string("UPDATE audit SET ") + change + " WHERE number = 4");
        CHECK(checked.first_bad == 4);
        CHECK(checked.problem.find("row 4") != std::string::npos);
    }
}

TEST_CASE_FIXTURE(Fixture, "a row that was taken out is missed") {
    const auto checked = check_after("DELETE FROM audit WHERE number = 3");
    CHECK(checked.first_bad == 3);
    CHECK(checked.problem == "row 3 is missing");
}

TEST_CASE_FIXTURE(Fixture, "a row that was taken out, and the others moved up, is noticed") {
    const auto checked = check_after(
        "DELETE FROM audit WHERE number = 3; UPDATE audit SET number = number - 1 WHERE number > "
        "3");
    CHECK(checked.first_bad == 3);
}

TEST_CASE_FIXTURE(Fixture, "rows that changed places are noticed") {
    const auto checked = check_after(
        "UPDATE audit SET number = 99 WHERE number = 3;"
        "UPDATE audit SET number = 3 WHERE number = 5; UPDATE audit SET number = 5 WHERE number = "
        "99");
    CHECK(checked.first_bad == 3);
}

TEST_CASE_FIXTURE(Fixture, "a row that was put in between is noticed") {
    const auto checked = check_after(
        "UPDATE audit SET number = number + 100 WHERE number > 2;"
        "UPDATE audit SET number = number - 99 WHERE number > 100;"
        "INSERT INTO audit SELECT 3, at, operator, credential, action, sent, 0, outcome, hash "
        "FROM audit WHERE number = 2");
    CHECK(checked.first_bad == 3);
}

TEST_CASE_FIXTURE(Fixture, "rows cut off at the end are missed by whoever kept the head") {
    damage("DELETE FROM audit WHERE number > 4");
    CHECK(check().first_bad == 0);
    const auto checked = check(head);
    CHECK(checked.first_bad == 6);
    CHECK(checked.problem.find("cut off") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a log that was written anew differs from the head that was kept") {
    const ledger::AuditHead other{5, std::string(64, 'c')};
    CHECK(check(other).first_bad == 5);
}

TEST_CASE_FIXTURE(Fixture, "a close keeps the head, so that cutting off what it knew is noticed") {
    {
        auto store = open();
        (void)StoreWorld::fill(*store, clock, {1'000});
        clock.advance(24h + 1h);
        const auto day = Closes(*store).progress().value().next_day();
        (void)Closes(*store).run({ledger::PeriodKind::day, day.value()}, "mei").value();
    }
    damage("DELETE FROM audit WHERE number > 5");
    const auto checked = check();
    CHECK(checked.first_bad == 6);
    CHECK(checked.problem.find("the close of day") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "no row is changed or deleted through the store's own triggers") {
    auto database = Database::open(path, Database::Mode::read_write).value();
    CHECK(database->execute("UPDATE audit SET outcome = 'x'").has_error());
    CHECK(database->execute("DELETE FROM audit").has_error());
    CHECK(database
              ->execute("INSERT INTO audit SELECT 9, at, operator, credential, action, sent, "
                        "intent, outcome, hash FROM audit WHERE number = 1")
              .has_error());
}

TEST_CASE_FIXTURE(Fixture, "an act without an end is counted; its end is recorded once") {
    auto store = open();
    Audit audit(*store);
    const auto intent = audit.intend(act("jun", "DELETE /api/v1/apikeys/k")).value();
    CHECK(audit.verify().value().unfinished == 1);
    audit.conclude(intent, "200").value();
    audit.conclude(intent, "500").value();
    const auto checked = audit.verify().value();
    CHECK(checked.unfinished == 0);
    CHECK(checked.rows == 8);
    CHECK(audit.conclude(99, "200").error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "something that is over is one row") {
    auto store = open();
    Audit audit(*store);
    audit.note(act("mei", "GET /api/v1/secrets"), "200").value();
    const auto checked = audit.verify().value();
    CHECK(checked.rows == 7);
    CHECK(checked.unfinished == 0);
}

TEST_CASE_FIXTURE(Fixture, "rows are listed newest first, by operator, time and page") {
    auto store = open();
    Audit audit(*store);
    const auto numbers = [&](const AuditFilter& filter) {
        std::vector<std::int64_t> found;
        const auto rows = audit.rows(filter).value();
        for (const auto& row : rows) found.push_back(row.number);
        return found;
    };
    CHECK(numbers({}) == std::vector<std::int64_t>{6, 5, 4, 3, 2, 1});
    AuditFilter of_jun;
    of_jun.who = "jun";
    CHECK(numbers(of_jun) == std::vector<std::int64_t>{4, 3});
    AuditFilter page;
    page.before = 5;
    page.limit = 2;
    CHECK(numbers(page) == std::vector<std::int64_t>{4, 3});
    AuditFilter last_two;
    last_two.from = clock.wall() - 1s;
    CHECK(numbers(last_two) == std::vector<std::int64_t>{6, 5});
    AuditFilter before_that;
    before_that.to = clock.wall() - 4s;
    CHECK(numbers(before_that) == std::vector<std::int64_t>{1});
}

TEST_CASE_FIXTURE(Fixture, "a row of a transaction that is rolled back was never there") {
    auto store = open();
    Audit audit(*store);
    store->begin().value();
    (void)audit.intend(act("jun", "POST /x")).value();
    store->rollback();
    CHECK(audit.head().value() == head);
    (void)audit.intend(act("jun", "POST /y")).value();
    CHECK(audit.verify().value().first_bad == 0);
}
