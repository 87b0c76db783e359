#include "coordinator/store/closes.h"

#include <doctest/doctest.h>

#include "shared/model/civil_day.h"
#include "tests/support/closing_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::ClosingWorld;
using ledger::Period;
using ledger::PeriodKind;

namespace {

Period day(const char* date) {
    return parse_period(date).value();
}

Period month(const char* name) {
    return parse_period(name).value();
}

std::string refusal(const Result<ClosedPeriod>& closed) {
    REQUIRE(closed.has_error());
    CHECK(closed.error().code() == ErrorCode::failed_precondition);
    return closed.error().message();
}

bool says(const std::string& message, std::string_view words) {
    return message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("books without an entry have nothing to close") {
    ManualClock clock;
    auto store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    Closes closes(*store);
    const auto progress = closes.progress().value();
    CHECK(!progress.first_day);
    CHECK(!progress.next_day());
    CHECK(!progress.next_month());
    CHECK(says(refusal(closes.run(day("2026-11-30"), "mei")), "no entry yet"));
}

TEST_CASE("the first day to be closed is that of the first entry") {
    ClosingWorld world("2026-11-28 15:00:00");
    CHECK(world.closes.progress().value().next_day() == day("2026-11-28").number);
    CHECK(!world.closes.progress().value().next_month());
}

TEST_CASE("a day is closed once it has been over for ten minutes, in Shanghai") {
    ClosingWorld world("2026-11-28 23:59:59");
    CHECK(says(refusal(world.closes.run(day("2026-11-28"), "mei")),
               "close it from 2026-11-29 00:10:00 on"));
    world.set("2026-11-29 00:09:59");
    CHECK(world.closes.run(day("2026-11-28"), "mei").has_error());
    world.set("2026-11-29 00:10:00");
    const auto closed = world.closes.run(day("2026-11-28"), "mei").value();
    CHECK(closed.by == "mei");
    CHECK(closed.mismatches == 0);
    CHECK(closed.sha256 == hash_bytes(std::string_view(closed.report_json)).get());
    CHECK(world.closes.progress().value().frozen_until == start_of(day("2026-11-29")));
}

TEST_CASE("days are closed in order, months when all of their days are") {
    ClosingWorld world("2026-11-29 12:00:00");
    world.set("2026-12-02 12:00:00");
    CHECK(says(refusal(world.closes.run(day("2026-11-30"), "mei")),
               "is not the next day to be closed: that is 2026-11-29"));
    CHECK(world.closes.run(day("2026-11-29"), "mei").has_value());
    CHECK(says(refusal(world.closes.run(month("2026-11"), "mei")),
               "days of 2026-11 are open: close 2026-11-30 first"));
    CHECK(world.closes.run(day("2026-11-30"), "mei").has_value());
    CHECK(says(refusal(world.closes.run(month("2026-12"), "mei")),
               "is not the next month to be closed: that is 2026-11"));
    CHECK(world.closes.run(month("2026-11"), "mei").has_value());
    CHECK(world.closes.progress().value().last_month == month("2026-11").number);
    CHECK(says(refusal(world.closes.run(month("2026-12"), "mei")), "days of 2026-12 are open"));
}

TEST_CASE("closing again gives the first close, whoever asks") {
    ClosingWorld world("2026-11-29 12:00:00");
    world.set("2026-11-30 12:00:00");
    const auto first = world.closes.run(day("2026-11-29"), "mei").value();
    world.set("2026-11-30 13:00:00");
    const auto again = world.closes.run(day("2026-11-29"), "jun").value();
    CHECK(again.by == "mei");
    CHECK(again.closed == first.closed);
    CHECK(again.sha256 == first.sha256);
}

TEST_CASE("a clock that jumps back into a closed day posts nothing, and says so") {
    ClosingWorld world("2026-11-30 12:00:00");
    const auto job = world.store->admit_job(world.world.job(4), {1'000}).value();
    world.set("2026-12-01 12:00:00");
    (void)world.closes.run(day("2026-11-30"), "mei").value();
    (void)world.closes.run(month("2026-11"), "mei").value();
    const Money before = world.credit();

    world.set("2026-11-30 23:59:59");
    const auto topped = world.top_up({5}, "late");
    REQUIRE(topped.has_error());
    // Settlements are retried on this code, not dropped.
    CHECK(topped.error().code() == ErrorCode::unavailable);
    CHECK(says(topped.error().message(), "the clock reads 2026-11-30 23:59:59 in Shanghai"));
    CHECK(says(topped.error().message(), "closed up to 2026-12-01 00:00:00"));
    CHECK(says(topped.error().message(), "set the coordinator's clock"));
    const std::vector answers{world.world.item(job, 0, {100})};
    CHECK(world.store->accept(answers).error().code() == ErrorCode::unavailable);
    CHECK(world.store->admit_job(world.world.job(1), {10}).error().code() ==
          ErrorCode::unavailable);
    CHECK(world.store->end_job(job.id, JobState::cancelled, {}, {}).error().code() ==
          ErrorCode::unavailable);
    CHECK(world.credit() == before);
    CHECK(world.store->settled_items(job.number).value().empty());

    world.set("2026-12-01 12:00:01");
    CHECK(world.store->accept(answers).value().at(0) == Accepted::accepted);
    CHECK(world.top_up({5}, "late").has_value());
    world.check();
}

TEST_CASE("a repeated payment is still answered while the clock is back: nothing is posted") {
    ClosingWorld world("2026-11-30 12:00:00");
    world.top_up({5}, "paid").value();
    world.set("2026-12-01 12:00:00");
    (void)world.closes.run(day("2026-11-30"), "mei").value();
    world.set("2026-11-30 12:00:00");
    CHECK(world.top_up({5}, "paid").has_value());
}

TEST_CASE("a clock that jumps back over a month's end that is still open posts nothing") {
    ClosingWorld world("2026-11-30 23:50:00");
    world.set("2026-12-01 00:05:00");
    world.top_up({5}, "december").value();
    world.set("2026-11-30 23:55:00");
    const auto refused = world.top_up({5}, "back");
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == ErrorCode::unavailable);
    CHECK(says(refused.error().message(), "entries of the month that begins at 2026-12-01"));
    // Within a month nothing is lost: numbers count on.
    world.set("2026-12-01 00:02:00");
    CHECK(world.top_up({5}, "back").has_value());
    world.check();
}

TEST_CASE("what is posted in the last moment belongs to the day, a moment later to the next") {
    // A leap year's February.
    ClosingWorld world("2028-02-29 23:00:00");
    world.set_micros(start_of(day("2028-03-01")).micros - 1);
    world.top_up({7}, "last").value();
    world.set_micros(start_of(day("2028-03-01")).micros);
    world.top_up({11}, "next").value();
    world.set("2028-03-02 00:10:00");
    for (const auto* date : {"2028-02-29", "2028-03-01"}) {
        (void)world.closes.run(day(date), "mei").value();
    }
    (void)world.closes.run(month("2028-02"), "mei").value();
    CHECK(world.closes.reconcile(month("2028-02")).value().entries == 2);
    CHECK(world.closes.reconcile(day("2028-03-01")).value().entries == 1);
    CHECK(end_day_of(month("2028-02")) - first_day_of(month("2028-02")) == 29);
    CHECK(end_day_of(month("2027-02")) - first_day_of(month("2027-02")) == 28);
}

TEST_CASE("a burst that counts on past midnight belongs to the next day, in all books") {
    ClosingWorld world("2026-11-30 12:00:00");
    const auto job = world.store->admit_job(world.world.job(10), {10'000}).value();
    world.set_micros(start_of(day("2026-12-01")).micros - 3);
    std::vector<Acceptance> burst;
    for (int i = 0; i < 10; ++i) burst.push_back(world.world.item(job, i, {100}));
    (void)world.store->accept(burst).value();
    world.set("2026-12-02 00:10:00");
    const auto november = world.closes.run(day("2026-11-30"), "mei").value();
    const auto december = world.closes.run(day("2026-12-01"), "mei").value();
    CHECK(november.mismatches == 0);
    CHECK(december.mismatches == 0);
    CHECK(world.closes.reconcile(day("2026-11-30")).value().meter_records == 3);
    CHECK(world.closes.reconcile(day("2026-12-01")).value().meter_records == 7);
    world.check();
}

TEST_CASE("a freeze that is rolled back freezes nothing; one that is kept holds at once") {
    ClosingWorld world("2026-11-29 12:00:00");
    world.set("2026-11-30 12:00:00");
    world.store->begin().value();
    world.top_up({1}, "a").value();
    world.store->begin().value();
    world.closes.freeze(day("2026-11-29")).value();
    world.store->rollback();
    world.set("2026-11-29 13:00:00");
    CHECK(world.top_up({1}, "b").has_value());
    world.set("2026-11-30 12:00:00");
    world.closes.freeze(day("2026-11-29")).value();
    world.set("2026-11-29 13:00:00");
    CHECK(world.top_up({1}, "c").error().code() == ErrorCode::unavailable);
    world.store->rollback();
    CHECK(world.top_up({1}, "d").has_value());
}

TEST_CASE("a day that another connection has frozen is frozen for this one") {
    ClosingWorld world("2026-11-29 12:00:00");
    world.top_up({1}, "before").value();
    world.set("2026-11-30 12:00:00");
    auto other = Store::open(world.path, Store::Mode::read_write, world.clock).value();
    Closes(*other).freeze(day("2026-11-29")).value();
    world.set("2026-11-29 13:00:00");
    CHECK(world.top_up({1}, "after").error().code() == ErrorCode::unavailable);
}

TEST_CASE("a frozen day that a crash left open is closed by the next attempt") {
    ClosingWorld world("2026-11-29 12:00:00");
    world.set("2026-11-30 12:00:00");
    world.closes.freeze(day("2026-11-29")).value();
    CHECK(world.closes.progress().value().next_day() == day("2026-11-29").number);
    CHECK(world.closes.run(day("2026-11-29"), "mei").has_value());
}

TEST_CASE("only what is frozen is reconciled, and closed") {
    ClosingWorld world("2026-11-29 12:00:00");
    world.set("2026-11-30 12:00:00");
    CHECK(world.closes.reconcile(day("2026-11-29")).error().code() ==
          ErrorCode::failed_precondition);
    CHECK(says(refusal(world.closes.close(day("2026-11-29"), "mei", {}, {})), "not frozen yet"));
}

TEST_CASE("a month's close keeps each account's balance at its end, and statements agree") {
    ClosingWorld world("2026-11-15 12:00:00");
    const auto job = world.store->admit_job(world.world.job(10), {1'000}).value();
    (void)world.store->accept(std::vector{world.world.item(job, 0, {100})}).value();
    world.set("2026-12-05 12:00:00");
    (void)world.store->accept(std::vector{world.world.item(job, 1, {100})}).value();
    const auto statement = [&](const char* from, const char* to) {
        return world.store
            ->customer_statement(world.world.customer.id, start_of(day(from)), start_of(day(to)))
            .value();
    };
    const auto before = statement("2026-11-01", "2026-12-01");
    const auto later = statement("2026-12-01", "2026-12-06");
    world.close_days_until("2026-12-05");
    (void)world.closes.run(month("2026-11"), "mei").value();
    const auto after = statement("2026-11-01", "2026-12-01");
    CHECK(after.opening == before.opening);
    CHECK(after.closing == before.closing);
    CHECK(after.closing == statement("2026-12-01", "2026-12-06").opening);
    CHECK(statement("2026-12-01", "2026-12-06").closing == later.closing);
    const auto report = world.report(month("2026-11"));
    CHECK(says(report, R"("accounts":"hold","closing_micros":900)"));
    CHECK(says(report, R"("accounts":"platform","closing_micros":20)"));
    world.check();
}

TEST_CASE("a report counts the period's entries by kind and currency") {
    ClosingWorld world("2026-11-29 12:00:00");
    world.store->top_up(world.world.customer.id, {300}, "dollars", Currency::usd).value();
    world.set("2026-11-30 12:00:00");
    (void)world.closes.run(day("2026-11-29"), "mei").value();
    const auto report = world.report(day("2026-11-29"));
    CHECK(says(report, R"("currency":"CNY","kind":"top_up","entries":1,"postings":2)"));
    CHECK(says(report,
               R"("currency":"USD","kind":"top_up","entries":1,"postings":2,"moved_micros":300)"));
    CHECK(says(report, R"("mismatch_count":0)"));
    CHECK(says(report, R"("period":"2026-11-29")"));
}

TEST_CASE("each close names the one before by its hash, and the audit log's head") {
    ClosingWorld world("2026-11-29 12:00:00");
    world.set("2026-12-01 12:00:00");
    const auto first = world.closes.run(day("2026-11-29"), "mei").value();
    (void)world.closes.run(day("2026-11-30"), "mei").value();
    CHECK(says(world.report(day("2026-11-30")), first.sha256));
    CHECK(says(world.report(day("2026-11-30")), R"("audit_head":"0:")"));
    const auto days = world.closes.list(PeriodKind::day, INT64_MAX, 10).value();
    REQUIRE(days.size() == 2);
    CHECK(days[0].period == day("2026-11-30"));
    CHECK(days[0].report_json.empty());
    CHECK(world.closes.list(PeriodKind::day, days[0].period.number, 10).value().size() == 1);
    CHECK(world.closes.closed(day("2026-12-01")).error().code() == ErrorCode::not_found);
}

TEST_CASE("periods are written and read back, and nothing else is one") {
    for (const auto* text : {"2026-11-30", "2028-02-29", "2026-11", "1970-01"}) {
        CHECK(to_text(parse_period(text).value()) == text);
    }
    for (const auto* text : {"", "2026", "2026-13", "2026-02-30", "2027-02-29", "30.11.2026"}) {
        CHECK(!parse_period(text));
    }
}
