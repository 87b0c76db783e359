/// Aim: archiving changes nothing that can be read, and nothing is paid or billed a second time.
/// Method: all reads of a random history before and after each archived month; then what a crash at
/// each step leaves.

#include "coordinator/store/archive.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "coordinator/store/state.h"
#include "coordinator/store/statement_records.h"
#include "shared/util/random.h"
#include "tests/support/closing_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::ClosingWorld;
using ledger::Period;
using ledger::PeriodKind;

namespace {

Month month(const char* text) {
    return month_of_text(text).value();
}

std::int64_t count(const std::string& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    REQUIRE_MESSAGE(sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK,
                    sqlite3_errmsg(handle));
    REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
    const auto number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return number;
}

std::string text_of(const ledger::Statement& statement) {
    std::string text = statement.party + " " + std::to_string(statement.opening.micros);
    for (const auto& line : statement.lines) {
        text += "\n" + line.label + " " + std::to_string(line.items) + " " +
                std::to_string(line.prompt_tokens) + " " + std::to_string(line.device_micros) +
                " " + std::to_string(line.amount.micros);
    }
    return text + "\n" + std::to_string(statement.closing.micros) + " " +
           std::to_string(statement.pending.micros);
}

/// Work and payments of five months, days apart, with both currencies.
class History {
public:
    explicit History(std::uint64_t seed) : books("2026-09-15 12:00:00"), random_(seed) {
        end_ = testing::shanghai("2027-02-10 12:00:00");
        while (books.clock.wall() < end_) {
            books.clock.advance(std::chrono::hours(1 + below(60)));
            step();
        }
        books.close_days_until("2027-02-10");
        while (const auto next = books.closes.progress().value().next_month()) {
            (void)books.closes.run({PeriodKind::month, *next}, "bookkeeper").value();
        }
    }

    /// All that the store answers about money, in one text.
    std::string everything() {
        std::string text;
        const auto& world = books.world;
        for (auto at = month("2026-08"); at < month("2027-04"); at = at.next()) {
            text += statements(start_of_day(first_day(at)), start_of_day(first_day(at.next())));
        }
        // Days across months' ends, and all of it.
        for (const auto* date : {"2026-09-30", "2026-10-31", "2027-02-01"}) {
            const auto day = day_of_date(date).value();
            text += statements(start_of_day(day), start_of_day(day + 3));
        }
        text += statements({}, end_);
        for (const auto currency : {Currency::cny, Currency::usd}) {
            const auto credit = books.store->available_credit(world.customer.id, currency);
            text += std::to_string(credit.value().micros) + "\n";
        }
        for (const auto& id : jobs_) {
            const auto job = books.store->job_by_id(id).value();
            text += std::to_string(job.held.micros) + " " + std::to_string(job.counts.completed);
        }
        const auto checked = books.store->check_ledger().value();
        for (const auto& violation : checked.violations) text += violation + "\n";
        return text + std::to_string(checked.entries) + " " + std::to_string(checked.postings) +
               " " + std::to_string(checked.meter_records);
    }

    /// Each payment and each attempt once more: no change.
    void repeat_all() {
        const auto& world = books.world;
        for (const auto& [key, amount] : top_ups_) {
            REQUIRE(books.top_up(amount, key).has_value());
            REQUIRE(books.top_up(amount + Money{1}, key).error().code() ==
                    ErrorCode::already_exists);
        }
        for (const auto& attempt : attempts_) {
            Acceptance again;
            again.meters.push_back(world.meter(attempt, {40}));
            again.outcome.request = again.meters.front().request;
            again.receipt_json = "{}";
            REQUIRE(books.store->accept(std::span(&again, 1)).value().at(0) ==
                    Accepted::already_settled);
        }
        for (const auto& id : jobs_) {
            const auto job = books.store->job_by_id(id).value();
            const auto outcomes = books.store->accept(std::vector{world.item(job, 0, {10})});
            REQUIRE(outcomes.value().at(0) == Accepted::already_settled);
        }
    }

    ClosingWorld books;

private:
    std::int64_t below(std::uint64_t bound) {
        return static_cast<std::int64_t>(random_.below(bound));
    }

    void step() {
        const auto& world = books.world;
        switch (random_.below(4)) {
            case 0: {
                const auto key = "t" + std::to_string(top_ups_.size());
                const Money amount{1 + below(900)};
                top_ups_.emplace_back(key, amount);
                return books.top_up(amount, key).value();
            }
            case 1:
                return books.store
                    ->top_up(world.customer.id, {1 + below(9)},
                             "usd" + std::to_string(books.clock.wall().micros), Currency::usd)
                    .value();
            case 2: {
                const auto attempt = "s" + std::to_string(attempts_.size());
                attempts_.push_back(attempt);
                Acceptance answer;
                answer.meters.push_back(world.meter(attempt, {below(60)}));
                answer.outcome.request = answer.meters.front().request;
                answer.receipt_json = "{}";
                (void)books.store->accept(std::span(&answer, 1)).value();
                return;
            }
            default: {
                const auto job = books.store->admit_job(world.job(2), {200}).value();
                jobs_.push_back(job.id);
                (void)books.store->accept(std::vector{world.item(job, 0, {below(90)})}).value();
                // Some batches end much later, some stay open.
                books.clock.advance(std::chrono::hours(below(90)));
                if (random_.chance(0.2)) return;
                books.store->end_job(job.id, JobState::completed, {}, {}).value();
            }
        }
    }

    std::string statements(WallTime from, WallTime to) {
        const auto& world = books.world;
        std::string text = local_time_text(from) + "\n";
        for (const auto currency : {Currency::cny, Currency::usd}) {
            text += text_of(
                books.store->customer_statement(world.customer.id, from, to, currency).value());
        }
        text += text_of(books.store->owner_statement(world.owner.id, from, to).value());
        text += text_of(books.store->partner_statement(world.owner_partner.id, from, to).value());
        return text + text_of(books.store->platform_statement(from, to).value());
    }

    Random random_;
    WallTime end_;
    std::vector<std::pair<std::string, Money>> top_ups_;
    std::vector<std::string> attempts_;
    std::vector<JobId> jobs_;
};

Result<std::optional<ArchivedMonth>> archive(ClosingWorld& books, const char* before) {
    return archive_month(books.path, books.clock, month(before));
}

}  // namespace

TEST_CASE("what was read before a month was archived is read after it, for any history") {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        CAPTURE(seed);
        History history(seed);
        const auto before = history.everything();
        for (const auto* expected : {"2026-09", "2026-10", "2026-11", "2026-12"}) {
            CAPTURE(expected);
            const auto archived = archive(history.books, "2027-01").value();
            REQUIRE(archived);
            REQUIRE(month_text(archived->month) == expected);
            REQUIRE(archived->swept);
            REQUIRE(history.everything() == before);
        }
        CHECK(!archive(history.books, "2027-01").value());
        history.repeat_all();
        CHECK(history.everything() == before);
        history.books.check();
        const auto oldest = count(history.books.path, "SELECT min(number) FROM entries");
        CHECK(oldest >= testing::shanghai("2027-01-01 00:00:00").micros);
        CHECK(count(history.books.path, "SELECT min(number) FROM meters") / 1024 >=
              testing::shanghai("2027-01-01 00:00:00").micros);
    }
}

TEST_CASE("an archive holds the month's rows with their accounts, readable by its owner only") {
    History history(4);
    const auto postings = count(
        history.books.path, "SELECT count(*) FROM postings WHERE entry < " +
                                std::to_string(testing::shanghai("2026-10-01 00:00:00").micros));
    const auto archived = archive(history.books, "2026-10").value().value();
    CHECK(archived.file == "archive-2026-09.db");
    CHECK(archived.postings == postings);
    const auto file = (history.books.folder.path() / archived.file).string();
    CHECK(count(file, "SELECT count(*) FROM postings") == postings);
    CHECK(count(file, "SELECT sum(micros) FROM postings") == 0);
    CHECK(count(file, "SELECT count(*) FROM meters") == archived.meter_records);
    CHECK(count(file,
                "SELECT count(*) FROM postings p JOIN accounts a ON a.number = p.account "
                "WHERE a.name = 'cash'") > 0);
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a month is archived once it and the next are closed, in order, and not again") {
    ClosingWorld books("2026-09-15 12:00:00");
    CHECK(!archive(books, "2026-09").value());
    const auto refused = archive(books, "2026-12");
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == ErrorCode::failed_precondition);
    CHECK(refused.error().message().find("closed for no month yet") != std::string::npos);
    books.set("2026-11-02 12:00:00");
    books.close_days_until("2026-11-01");
    (void)books.closes.run(parse_period("2026-09").value(), "mei").value();
    CHECK(archive(books, "2026-10").error().message().find("closed up to 2026-09") !=
          std::string::npos);
    (void)books.closes.run(parse_period("2026-10").value(), "mei").value();
    CHECK(month_text(archive(books, "2026-12").value().value().month) == "2026-09");
    CHECK(archive(books, "2026-12").has_error());
    CHECK(!archive(books, "2026-10").value());
    CHECK(Archives(*books.store).list().value().size() == 1);
}

TEST_CASE("a statement says where archived entries are, and asks for whole days") {
    History history(5);
    (void)archive(history.books, "2026-10").value();
    const auto& world = history.books.world;
    const auto of = [&](const char* from, const char* to) {
        return history.books.store->customer_statement(world.customer.id, testing::shanghai(from),
                                                       testing::shanghai(to));
    };
    const auto across = of("2026-09-20 00:00:00", "2026-10-05 06:00:00");
    CHECK(across.value().archives == std::vector<std::string>{"archive-2026-09.db"});
    CHECK(of("2026-10-01 00:00:00", "2026-10-05 06:00:00").value().archives.empty());
    CHECK(of("2026-08-01 05:00:00", "2026-08-20 06:00:00").value().archives.empty());
    const auto refused = of("2026-09-20 10:00:00", "2026-10-05 00:00:00");
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == ErrorCode::failed_precondition);
    CHECK(refused.error().message().find("not at 2026-09-20 10:00:00") != std::string::npos);

    // What is behind its lines is in the archive; of later days it is here.
    StatementRecords records(*history.books.store);
    StatementOf period{ledger::PartyKind::customer, world.customer.id.get(), Currency::cny,
                       testing::shanghai("2026-09-20 00:00:00"),
                       testing::shanghai("2026-10-05 00:00:00")};
    const auto behind = records.records(period, {}, 0, 10);
    REQUIRE(behind.has_error());
    CHECK(behind.error().message().find("archive-2026-09.db") != std::string::npos);
    CHECK(records.entries(period, "top_up", 0, 10).error().code() ==
          ErrorCode::failed_precondition);
    LineFilter line;
    line.date = "2026-10-02";
    CHECK(records.records(period, line, 0, 10).has_value());
    period.from = testing::shanghai("2026-10-01 00:00:00");
    CHECK(records.entries(period, "", 0, 10).has_value());
}

TEST_CASE("nothing but archived rows can be deleted, and no mark can be set back") {
    History history(6);
    (void)archive(history.books, "2026-10").value();
    auto database = Database::open(history.books.path, Database::Mode::read_write).value();
    for (const auto* table : {"entries", "postings", "meters"}) {
        CAPTURE(table);
        CHECK(database->execute((std::string("DELETE FROM ") + table).c_str()).has_error());
    }
    CHECK(database->execute("UPDATE book_marks SET archived_until = 0").has_error());
    CHECK(database->execute("UPDATE book_marks SET frozen_until = 0").has_error());
    CHECK(database->execute("DELETE FROM archived_keys").has_error());
    CHECK(database->execute("DELETE FROM closes").has_error());
    CHECK(database->execute("DELETE FROM month_balances").has_error());
}

TEST_CASE("an entry whose key is archived is refused by the journal itself") {
    History history(10);
    (void)archive(history.books, "2026-10").value();
    auto& state = history.books.store->state();
    const auto posted = state.atomically([&]() -> Status {
        GLEANER_TRY(const auto cash, state.journal.account(ledger::cash_account(Currency::cny)));
        GLEANER_TRY(const auto other,
                    state.journal.account(ledger::platform_account(Currency::cny)));
        const Line lines[] = {{cash, {-5}}, {other, {5}}};
        const auto key = "top_up:" + history.books.world.customer.id.get() + ":first";
        return state.journal.post(ledger::EntryKind::top_up, key, lines);
    });
    REQUIRE(posted.has_error());
    CHECK(posted.error().code() == ErrorCode::already_exists);
    history.books.check();
}

TEST_CASE("a file that an unfinished run left is made anew") {
    History history(7);
    const auto before = history.everything();
    std::ofstream(history.books.folder.path() / "archive-2026-09.db") << "half a file";
    CHECK(archive(history.books, "2026-10").value().value().swept);
    CHECK(history.everything() == before);
}

TEST_CASE("rows that a crash left after the mark are not read, and are deleted by the next run") {
    History history(8);
    const auto before = history.everything();
    auto& books = history.books;
    const auto copy = (books.folder.path() / "copy.db").string();
    books.damage("VACUUM INTO '" + copy + "'");
    (void)archive(books, "2026-10").value();
    // As after a crash between the mark and the last deletion: the rows are back.
    books.damage("ATTACH '" + copy +
                 "' AS old;"
                 "INSERT INTO entries SELECT * FROM old.entries WHERE number NOT IN "
                 "(SELECT number FROM entries);"
                 "INSERT INTO postings SELECT * FROM old.postings WHERE entry NOT IN "
                 "(SELECT entry FROM postings);"
                 "INSERT INTO meters SELECT * FROM old.meters WHERE number NOT IN "
                 "(SELECT number FROM meters);"
                 "UPDATE archives SET swept = 0");
    CHECK(count(books.path, "SELECT min(number) FROM entries") <
          testing::shanghai("2026-10-01 00:00:00").micros);
    CHECK(history.everything() == before);
    CHECK(archive(books, "2026-10").value().value().swept);
    CHECK(count(books.path, "SELECT min(number) FROM entries") >=
          testing::shanghai("2026-10-01 00:00:00").micros);
    CHECK(history.everything() == before);
}

TEST_CASE("while rows are still to be deleted, a missing archive is asked for") {
    History history(9);
    auto& books = history.books;
    (void)archive(books, "2026-10").value();
    books.damage("UPDATE archives SET swept = 0");
    std::filesystem::remove(books.folder.path() / "archive-2026-09.db");
    const auto refused = archive(books, "2026-10");
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == ErrorCode::failed_precondition);
    CHECK(refused.error().message().find("put it back") != std::string::npos);
}
