/// Aim: `kill -9` between any two writes of a close or an archive loses nothing, changes no balance
/// and lets nothing be paid twice.
/// Method: a child closes days and months and archives months of a history that the parent made,
/// and is killed at a random moment; the parent reads everything and compares, and starts the next
/// child, until all is closed and archived.

#include <csignal>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "coordinator/store/archive.h"
#include "shared/util/random.h"
#include "tests/support/closing_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::ClosingWorld;
using gleaner::testing::shanghai;
using ledger::Period;
using ledger::PeriodKind;

namespace {

constexpr auto archive_before = "2027-01";

/// What the child does until it is killed, or all is done.
void close_and_archive(const std::string& path, const Clock& clock) {
    {
        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        Closes closes(*store);
        for (;;) {
            const auto progress = closes.progress().value();
            std::optional<Period> next;
            if (const auto day = progress.next_day()) next = Period{PeriodKind::day, *day};
            if (const auto month = progress.next_month()) next = Period{PeriodKind::month, *month};
            if (!next || end_of(*next) + close_grace > clock.wall()) break;
            // Not in one transaction: as the bookkeeper does it.
            closes.freeze(*next).value();
            const auto found = closes.reconcile(*next).value();
            if (found.mismatch_count != 0) _exit(3);
            (void)closes.close(*next, "bookkeeper", {}, found).value();
        }
    }
    while (archive_month(path, clock, month_of_text(archive_before).value()).value()) {
    }
}

struct History : ClosingWorld {
    History() : ClosingWorld("2026-09-20 12:00:00") {
        Random random(20261130);
        const auto end = shanghai("2027-02-03 12:00:00");
        for (int i = 0; clock.wall() < end; ++i) {
            clock.advance(std::chrono::hours(random.below(72)));
            const auto key = std::to_string(i);
            top_up({static_cast<std::int64_t>(1 + random.below(150))}, key).value();
            store->begin().value();
            for (int k = 0; k < 10; ++k) {
                Acceptance answer;
                answer.meters.push_back(world.meter("s" + key + "-" + std::to_string(k),
                                                    {static_cast<std::int64_t>(random.below(50))}));
                answer.outcome.request = answer.meters.front().request;
                answer.receipt_json = "{}";
                (void)store->accept(std::span(&answer, 1)).value();
            }
            store->commit().value();
            attempts.push_back("s" + key + "-0");
        }
        clock.advance(end + 1h - clock.wall());
    }

    /// All that people are told about money.
    [[nodiscard]] std::string everything() const {
        auto reader = Store::open(path, Store::Mode::read_only, clock).value();
        std::string text;
        for (auto month = month_of_text("2026-09").value();
             month < month_of_text("2027-03").value(); month = month.next()) {
            const auto from = start_of_day(first_day(month));
            const auto to = start_of_day(first_day(month.next()));
            for (const auto& statement :
                 {reader->customer_statement(world.customer.id, from, to).value(),
                  reader->owner_statement(world.owner.id, from, to).value(),
                  reader->platform_statement(from, to).value()}) {
                text += std::to_string(statement.opening.micros) + " ";
                for (const auto& line : statement.lines) {
                    text += line.label + " " + std::to_string(line.items) + " " +
                            std::to_string(line.amount.micros) + " ";
                }
                text += std::to_string(statement.closing.micros) + "\n";
            }
        }
        const auto checked = reader->check_ledger().value();
        for (const auto& violation : checked.violations) text += violation + "\n";
        return text + std::to_string(checked.entries) + " " + std::to_string(checked.postings) +
               " " + std::to_string(checked.meter_records);
    }

    void nothing_twice() {
        const Money before = credit();
        store->begin().value();
        for (std::size_t i = 0; i < attempts.size(); ++i) {
            const auto status = top_up({1'000}, std::to_string(i));
            REQUIRE(status.error().code() == ErrorCode::already_exists);
            Acceptance again;
            again.meters.push_back(world.meter(attempts[i], {50}));
            again.outcome.request = again.meters.front().request;
            REQUIRE(store->accept(std::span(&again, 1)).value().at(0) == Accepted::already_settled);
        }
        store->commit().value();
        REQUIRE(credit() == before);
    }

    std::vector<std::string> attempts;
};

}  // namespace

TEST_CASE("a close or an archive that is killed anywhere is finished later, and changes nothing") {
    History history;
    const auto before = history.everything();
    Random random(42);
    int killed = 0;
    bool done = false;
    for (int round = 0; round < 400 && !done; ++round) {
        CAPTURE(round);
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            close_and_archive(history.path, history.clock);
            _exit(0);
        }
        (void)poll(nullptr, 0, static_cast<int>(random.below(150)));
        (void)kill(child, SIGKILL);
        int status = 0;
        REQUIRE(waitpid(child, &status, 0) == child);
        done = WIFEXITED(status);
        if (done) REQUIRE(WEXITSTATUS(status) == 0);
        killed += done ? 0 : 1;
        REQUIRE(history.everything() == before);
        if (round % 16 == 0) history.nothing_twice();
    }
    // Where the machine is slow, a child may never get to the end within its time.
    close_and_archive(history.path, history.clock);
    CHECK(killed >= 10);
    CHECK(history.everything() == before);
    history.nothing_twice();
    history.check();
    const auto progress = history.closes.progress().value();
    CHECK(progress.archived_until == shanghai("2027-01-01 00:00:00"));
    CHECK(progress.frozen_until == shanghai("2027-02-03 00:00:00"));
    CHECK(history.closes.list(PeriodKind::month, INT64_MAX, 10).value().size() == 5);
}
