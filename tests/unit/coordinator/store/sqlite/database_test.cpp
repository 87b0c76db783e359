#include "coordinator/store/sqlite/database.h"

#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;

namespace {

struct Fixture {
    testing::TemporaryFolder folder;
    std::string path = (folder.path() / "store.db").string();

    std::unique_ptr<Database> open() {
        auto database = Database::open(path, Database::Mode::read_write).value();
        database->migrate().value();
        return database;
    }
    void raw(const char* script) {
        sqlite3* handle = nullptr;
        REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
        CHECK(sqlite3_exec(handle, script, nullptr, nullptr, nullptr) == SQLITE_OK);
        sqlite3_close(handle);
    }
};

std::size_t standings(Database& database) {
    std::size_t count = 0;
    Query query(database, sql::list_standings);
    while (query.next().value()) ++count;
    return count;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a new database is readable by its owner only") {
    (void)open();
    struct stat facts {};
    REQUIRE(stat(path.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
}

TEST_CASE_FIXTURE(Fixture, "migrating twice changes nothing") {
    REQUIRE(open()->run(sql::put_standing, "k", "{}").has_value());
    auto again = open();
    CHECK(standings(*again) == 1);
}

TEST_CASE_FIXTURE(Fixture, "another program's database is refused and left as it was") {
    raw("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);");
    const auto opened = Database::open(path, Database::Mode::read_write);
    REQUIRE(opened.has_error());
    CHECK(opened.error().code() == ErrorCode::data_corrupt);
    CHECK(opened.error().message().find("another program") != std::string::npos);
    raw("INSERT INTO theirs VALUES (2)");
}

TEST_CASE_FIXTURE(Fixture, "a file that is no database is refused") {
    std::ofstream(path) << std::string(5'000, 'x');
    CHECK(Database::open(path, Database::Mode::read_write).error().code() ==
          ErrorCode::data_corrupt);
}

TEST_CASE_FIXTURE(Fixture, "a schema of a newer release is refused") {
    (void)open();
    raw("PRAGMA user_version = 99");
    auto database = Database::open(path, Database::Mode::read_write).value();
    const auto status = database->migrate();
    REQUIRE(status.has_error());
    CHECK(status.error().code() == ErrorCode::data_corrupt);
    CHECK(status.error().message().find("newer release") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a path that cannot be opened says which") {
    const auto opened =
        Database::open((folder.path() / "no/such/folder.db").string(), Database::Mode::read_write);
    REQUIRE(opened.has_error());
    CHECK(opened.error().code() == ErrorCode::io_failed);
    CHECK(opened.error().message().find("folder.db") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a reader writes nothing") {
    (void)open();
    auto reader = Database::open(path, Database::Mode::read_only).value();
    REQUIRE(reader->migrate().has_value());
    CHECK(reader->run(sql::put_standing, "k", "{}").error().code() ==
          ErrorCode::failed_precondition);
}

TEST_CASE_FIXTURE(Fixture, "an inner rollback undoes only the inner work") {
    auto database = open();
    database->begin().value();
    database->run(sql::put_standing, "outer", "{}").value();
    database->begin().value();
    database->run(sql::put_standing, "inner", "{}").value();
    database->rollback();
    database->begin().value();
    database->run(sql::put_standing, "second", "{}").value();
    database->commit().value();
    database->commit().value();
    CHECK(database->depth() == 0);
    CHECK(standings(*database) == 2);
}

TEST_CASE_FIXTURE(Fixture, "a full disk dooms the transaction and the next one works") {
    auto database = open();
    database->run(sql::put_standing, "small", "{}").value();
    database->limit_size(1).value();
    database->begin().value();
    database->run(sql::put_standing, "first", "{}").value();
    const auto full = database->run(sql::put_standing, "big", std::string(2'000'000, 'x'));
    REQUIRE(full.has_error());
    CHECK(full.error().code() == ErrorCode::disk_full);
    CHECK(full.error().blame() == Blame::platform);
    REQUIRE(database->doomed());
    CHECK(database->commit().error().code() == ErrorCode::disk_full);
    database->rollback();
    CHECK_FALSE(database->doomed());
    CHECK(standings(*database) == 1);

    database->limit_size(100'000'000).value();
    database->begin().value();
    database->run(sql::put_standing, "big", std::string(2'000'000, 'x')).value();
    database->commit().value();
    CHECK(standings(*database) == 2);
}

TEST_CASE_FIXTURE(Fixture, "money and consents have no update and no delete") {
    auto database = open();
    for (const auto* table : {"entries", "postings", "meters", "meter_sources", "accounts"}) {
        for (const auto* event : {"_no_update", "_no_delete"}) {
            const auto drop = std::string("DROP TRIGGER ") + table + event;
            CHECK(database->execute(drop.c_str()).has_value());
        }
    }
    auto fresh = Database::open(":memory:", Database::Mode::read_write).value();
    fresh->migrate().value();
    REQUIRE(fresh->execute("INSERT INTO entries (number, kind) VALUES (1, 'charge')").has_value());
    CHECK(fresh->execute("UPDATE entries SET kind = 'hold'").error().code() ==
          ErrorCode::failed_precondition);
    CHECK(fresh->execute("DELETE FROM entries").has_error());
    CHECK(fresh->execute("INSERT OR REPLACE INTO entries (number, kind) VALUES (1, 'hold')")
              .has_error());
}

TEST_CASE_FIXTURE(Fixture, "text is bound whole, with zero bytes and quotes") {
    auto database = open();
    const std::string odd("a'\0b\"", 5);
    database->run(sql::put_standing, "k", odd).value();
    Query query(*database, sql::list_standings);
    REQUIRE(query.next().value());
    CHECK(query.text("json") == odd);
}
