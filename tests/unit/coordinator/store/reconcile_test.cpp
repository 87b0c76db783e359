/// Aim: reconciliation finds each way in which journal, meter records and results can differ.
/// Method: a good day, frozen, is damaged by SQL; the report must name what was done.

#include <doctest/doctest.h>

#include "tests/support/closing_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::ClosingWorld;
using ledger::Period;

namespace {

const Period first_day = parse_period("2026-11-30").value();
const Period november = parse_period("2026-11").value();

/// Two answers of a batch that goes on, one of a batch that has ended, one online.
struct Fixture : ClosingWorld {
    Fixture() : ClosingWorld("2026-11-30 12:00:00") {
        const auto job = store->admit_job(world.job(4), {1'000}).value();
        const auto done = store->admit_job(world.job(2), {500}).value();
        auto failed = world.item(done, 1, {});
        failed.meters.clear();
        failed.receipt_json.clear();
        failed.outcome.failed = true;
        Acceptance online;
        online.meters.push_back(world.meter("s1", {70}));
        online.outcome.request = online.meters.front().request;
        online.receipt_json = "{}";
        (void)store
            ->accept(std::vector{world.item(job, 0, {100}), world.item(job, 1, {100}),
                                 world.item(done, 0, {50}), failed, online})
            .value();
        store->end_job(done.id, JobState::completed, {}, {}).value();
        set("2026-12-01 00:10:00");
        closes.freeze(first_day).value();
    }
    std::string found_after(const std::string& sql) {
        damage(sql);
        std::string sentences;
        const auto found = closes.reconcile(first_day).value();
        CHECK(found.mismatch_count == static_cast<std::int64_t>(found.mismatches.size()));
        for (const auto& sentence : found.mismatches) sentences += sentence + "\n";
        return sentences;
    }
    void check_finds(const std::string& sql, std::string_view words) {
        const auto sentences = found_after(sql);
        CHECK_MESSAGE(sentences.find(words) != std::string::npos, sentences);
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a good day matches, and is counted") {
    CHECK(found_after("SELECT 1").empty());
    const auto found = closes.reconcile(first_day).value();
    // Top-up, two holds, four charges, one release.
    CHECK(found.entries == 8);
    CHECK(found.meter_records == 4);
    CHECK(found.receipts == 4);
    REQUIRE(found.work.size() == 1);
    CHECK(found.work[0].charged == Money{320});
    CHECK(found.work[0].metered == Money{320});
    CHECK(found.work[0].by_days == Money{320});
}

TEST_CASE_FIXTURE(Fixture, "a meter record that is gone leaves the charge too high") {
    check_finds("DELETE FROM meters WHERE attempt_key = 's1'",
                "work in CNY: the journal charges 0.000320, the meter records say 0.000250, the "
                "sums of days 0.000320");
}

TEST_CASE_FIXTURE(Fixture, "an entry that charges another price than its meter record is named") {
    check_finds("UPDATE meters SET price = 71 WHERE attempt_key = 's1'",
                "charges 0.000070, its meter records say 0.000071");
}

TEST_CASE_FIXTURE(Fixture, "a day's sum that differs from its meter records is named") {
    check_finds("UPDATE meter_days SET parts = parts + 1",
                "day 2026-11-30 of source 1 is not what its meter records sum to: -1 records");
}

TEST_CASE_FIXTURE(Fixture, "work that was billed without a result is named") {
    check_finds("DELETE FROM receipts WHERE request = 'req_s1'",
                "attempt s1 was billed, and request req_s1 has no result");
}

TEST_CASE_FIXTURE(Fixture, "a receipt without a meter record is named") {
    check_finds("INSERT INTO receipts (project, request, json) VALUES (1, 'req_free', '{}')",
                "request req_free has a receipt, and no meter record says who did it");
}

TEST_CASE_FIXTURE(Fixture, "an answer that nobody was billed for is named") {
    check_finds("DELETE FROM receipts WHERE request = 'req_2:0'", "item 0 of batch batch_");
}

TEST_CASE_FIXTURE(Fixture, "an item that failed and was billed is named") {
    check_finds("UPDATE outcomes SET failed = 1 WHERE request = 'req_2:0'",
                "has failed and has a receipt");
}

TEST_CASE_FIXTURE(Fixture, "an entry that is not balanced is named") {
    check_finds("UPDATE postings SET micros = micros + 1 WHERE micros = 500",
                "is not balanced: it sums to 0.000001");
}

TEST_CASE_FIXTURE(Fixture, "postings without an entry, and an entry without postings") {
    check_finds("UPDATE entries SET number = number - 7 WHERE kind = 'top_up'", "have no entry");
    check_finds("SELECT 1", "has no postings");
}

TEST_CASE_FIXTURE(Fixture, "a balance that is not the sum of its postings is named") {
    check_finds(
        "UPDATE balances SET micros = micros + 7 WHERE account = "
        "(SELECT number FROM accounts WHERE name = 'platform')",
        "account platform has the balance 0.000071, its postings sum to 0.000064");
}

TEST_CASE_FIXTURE(Fixture, "an ended batch that still holds money is named") {
    check_finds(
        "UPDATE balances SET micros = 3 WHERE account = "
        "(SELECT hold_account FROM jobs WHERE ended IS NOT NULL)",
        "has ended and still holds 0.000003");
}

TEST_CASE_FIXTURE(Fixture, "an account below zero that may not be is named") {
    check_finds(
        "UPDATE balances SET micros = -3 WHERE account = "
        "(SELECT number FROM accounts WHERE name LIKE 'pending:owner:%')",
        "is below zero: -0.000003");
}

TEST_CASE_FIXTURE(Fixture, "shares that exceed their price are named") {
    check_finds("UPDATE meters SET owner_share = 701 WHERE attempt_key = 's1'",
                "the shares of attempt s1 do not divide its price");
}

TEST_CASE_FIXTURE(Fixture, "an attempt that an archived month billed already is named") {
    check_finds("INSERT INTO archived_attempts VALUES ('s1')", "attempt s1 was billed before");
}

TEST_CASE_FIXTURE(Fixture, "many mismatches are all counted, the first hundred said") {
    damage(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)"
        "INSERT INTO receipts (project, request, json) SELECT 1, 'req_x' || i, '{}' FROM n");
    const auto found = closes.reconcile(first_day).value();
    CHECK(found.mismatch_count == 150);
    CHECK(found.mismatches.size() == 100);
}

TEST_CASE_FIXTURE(Fixture, "a day closes with mismatches and says so; a month needs a reason") {
    damage("INSERT INTO receipts (project, request, json) VALUES (1, 'req_free', '{}')");
    const auto day = closes.run(first_day, "bookkeeper").value();
    CHECK(day.mismatches == 1);
    CHECK(day.report_json.find("req_free") != std::string::npos);
    const auto refused = closes.run(november, "bookkeeper");
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == ErrorCode::failed_precondition);
    CHECK(refused.error().message().find("1 things do not match, the first: request req_free") !=
          std::string::npos);
    CHECK(closes.closed(november).has_error());
    CHECK(!closes.progress().value().last_month);
    const auto closed = closes.run(november, "mei", "a test receipt, looked into").value();
    CHECK(closed.despite == "a test receipt, looked into");
    CHECK(closed.mismatches == 1);
}

TEST_CASE_FIXTURE(Fixture, "a receipt is looked at once: the next day's close does not repeat it") {
    damage("INSERT INTO receipts (project, request, json) VALUES (1, 'req_free', '{}')");
    CHECK(closes.run(first_day, "bookkeeper").value().mismatches == 1);
    set("2026-12-02 00:10:00");
    const auto next = closes.run(parse_period("2026-12-01").value(), "bookkeeper").value();
    CHECK(next.mismatches == 0);
}
