/// What is due, when a clock is believed, and the bookkeeper over a real store.

#include "coordinator/runtime/bookkeeper.h"

#include <map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "coordinator/store/daily_steps.h"
#include "tests/support/closing_world.h"

using namespace gleaner;
using namespace gleaner::runtime;
using gleaner::testing::ClosingWorld;
using gleaner::testing::shanghai;
using ledger::Period;
using ledger::PeriodKind;
using store::ClosingProgress;

namespace {

Period period(const char* text) {
    return store::parse_period(text).value();
}

ClosingProgress closed_up_to(const char* day, const char* month = nullptr) {
    ClosingProgress progress;
    progress.first_day = period("2028-01-15").number;
    if (day != nullptr) progress.last_day = period(day).number;
    if (month != nullptr) progress.last_month = period(month).number;
    return progress;
}

std::optional<Period> due_at(const ClosingProgress& progress, const char* time,
                             bool without_months = false) {
    return due(progress, shanghai(time), without_months);
}

/// The bookkeeper over books that begin on 2026-11-28, with an executor of its own.
struct Fixture : ClosingWorld {
    Fixture() : ClosingWorld("2026-11-28 12:00:00") {
        executor = store::StoreExecutor::start(path, clock, io.get_executor()).value();
    }
    void round(std::vector<DailyStep> steps = {}) {
        if (!keeper) keeper.emplace(*executor, clock, io.get_executor(), std::move(steps));
        boost::asio::co_spawn(io, keeper->round(), [](std::exception_ptr failed) {
            if (failed) std::rethrow_exception(failed);
        });
        io.restart();
        io.run();
    }
    std::size_t closed(PeriodKind kind) { return closes.list(kind, INT64_MAX, 100).value().size(); }
    /// A step that notes the days it ran on and fails as often as `failures` says.
    DailyStep noting(const std::string& name) {
        return {name, [this, name](store::Store&, std::int64_t day) -> Status {
                    if (failures[name] > 0) {
                        --failures[name];
                        return Error(ErrorCode::unavailable, "not now");
                    }
                    ran.push_back(name + " " + date_text(day));
                    return ok();
                }};
    }

    boost::asio::io_context io;
    std::unique_ptr<store::StoreExecutor> executor;
    std::optional<Bookkeeper> keeper;
    std::map<std::string, int> failures;
    std::vector<std::string> ran;
};

}  // namespace

TEST_CASE("nothing is due before there is an entry") {
    CHECK(!due_at({}, "2028-01-20 12:00:00"));
}

TEST_CASE("a day is due ten minutes after its end in Shanghai, one after the other") {
    const auto fresh = closed_up_to(nullptr);
    CHECK(!due_at(fresh, "2028-01-16 00:09:59"));
    CHECK(due_at(fresh, "2028-01-16 00:10:00") == period("2028-01-15"));
    CHECK(due_at(fresh, "2028-03-20 00:00:00") == period("2028-01-15"));
    CHECK(due_at(closed_up_to("2028-01-15"), "2028-03-20 00:00:00") == period("2028-01-16"));
    CHECK(!due_at(closed_up_to("2028-01-15"), "2028-01-16 12:00:00"));
}

TEST_CASE("a month is due after its last day, also in a leap year, and before the next day") {
    const auto almost = closed_up_to("2028-02-28", "2028-01");
    CHECK(due_at(almost, "2028-03-01 00:10:00") == period("2028-02-29"));
    const auto whole = closed_up_to("2028-02-29", "2028-01");
    CHECK(due_at(whole, "2028-03-01 00:10:00") == period("2028-02"));
    CHECK(due_at(whole, "2028-03-09 00:10:00") == period("2028-02"));
    CHECK(due_at(whole, "2028-03-02 00:10:00", true) == period("2028-03-01"));
    CHECK(!due_at(closed_up_to("2028-02-29", "2028-02"), "2028-03-01 00:10:00"));
    CHECK(due_at(closed_up_to("2028-01-31"), "2028-02-01 00:10:00") == period("2028-01"));
}

TEST_CASE("a clock that was set forward is believed after an hour, or when it is set back") {
    ClockWatch watch;
    const WallTime wall{1'790'000'000'000'000};
    const Time now{5'000'000};
    CHECK(watch.settled(wall, now));
    CHECK(watch.settled(wall + 1min, now + 1min));
    CHECK(!watch.settled(wall + 48h, now + 2min));
    CHECK(!watch.settled(wall + 48h + 59min, now + 61min));
    CHECK(watch.settled(wall + 48h + 60min, now + 62min));
    CHECK(!watch.settled(wall + 96h, now + 63min));
    CHECK(watch.settled(wall + 48h + 62min, now + 64min));
    // What an NTP daemon does is no jump, and sleep is no jump: the monotonic clock counts it.
    CHECK(watch.settled(wall + 48h + 64min, now + 65min));
    CHECK(watch.settled(wall + 72h + 64min, now + 24h + 65min));
}

TEST_CASE_FIXTURE(Fixture, "after a downtime the books are closed day by day, then the month") {
    set("2026-12-03 09:00:00");
    round();
    CHECK(closed(PeriodKind::day) == 5);
    REQUIRE(closed(PeriodKind::month) == 1);
    CHECK(closes.list(PeriodKind::month, INT64_MAX, 1).value()[0].by == "bookkeeper");
    round();
    CHECK(closed(PeriodKind::day) == 5);
}

TEST_CASE_FIXTURE(Fixture, "after a jump of the clock nothing is closed for an hour") {
    round();
    // Only the civil clock.
    struct Jumped final : Clock {
        explicit Jumped(const Clock& base) : clock(base) {}
        [[nodiscard]] Time now() const override { return clock.now(); }
        [[nodiscard]] WallTime wall() const override { return clock.wall() + jump; }
        const Clock& clock;
        Duration jump{};
    };
    Jumped jumped(clock);
    keeper.emplace(*executor, jumped, io.get_executor(), std::vector<DailyStep>{});
    round();
    jumped.jump = 72h;
    round();
    CHECK(closed(PeriodKind::day) == 0);
    clock.advance(61min);
    round();
    // The store's own clock has not jumped: it refuses, and nothing is frozen.
    CHECK(closed(PeriodKind::day) == 0);
    CHECK(closes.progress().value().frozen_until == WallTime{});
}

TEST_CASE_FIXTURE(Fixture,
                  "a month that does not match waits, days go on, and are said to differ") {
    damage("INSERT INTO receipts (project, request, json) VALUES (1, 'req_free', '{}')");
    set("2026-12-03 09:00:00");
    round();
    CHECK(closed(PeriodKind::day) == 5);
    CHECK(closed(PeriodKind::month) == 0);
    CHECK(closes.closed(period("2026-11-28")).value().mismatches == 1);
    set("2026-12-04 09:00:00");
    round();
    CHECK(closed(PeriodKind::day) == 6);
    CHECK(closed(PeriodKind::month) == 0);
    (void)closes.run(period("2026-11"), "mei", "looked into").value();
    set("2027-01-02 09:00:00");
    round();
    CHECK(closed(PeriodKind::month) == 2);
}

TEST_CASE_FIXTURE(Fixture, "steps run once for each closed day, in their order") {
    set("2026-11-30 09:00:00");
    round({noting("confirm"), noting("storage")});
    CHECK(ran == std::vector<std::string>{"confirm 2026-11-28", "storage 2026-11-28",
                                          "confirm 2026-11-29", "storage 2026-11-29"});
    round();
    CHECK(ran.size() == 4);
}

TEST_CASE_FIXTURE(Fixture, "a step that fails is tried again at the next wake and stops no other") {
    failures["confirm"] = 1;
    set("2026-11-30 09:00:00");
    round({noting("confirm"), noting("storage")});
    CHECK(ran == std::vector<std::string>{"storage 2026-11-28", "storage 2026-11-29"});
    ran.clear();
    round();
    CHECK(ran == std::vector<std::string>{"confirm 2026-11-28", "confirm 2026-11-29"});
}

TEST_CASE_FIXTURE(Fixture, "what a failing step has posted is undone") {
    std::vector<DailyStep> steps{{"pay", [this](store::Store& target, std::int64_t) -> Status {
                                      GLEANER_TRY(target.top_up(world.customer.id, {5}, "step"));
                                      return Error(ErrorCode::internal, "after that");
                                  }}};
    const Money before = credit();
    set("2026-11-29 09:00:00");
    round(std::move(steps));
    CHECK(credit() == before);
}

TEST_CASE_FIXTURE(Fixture, "it stops when asked, and starts again where it was") {
    keeper.emplace(*executor, clock, io.get_executor(), std::vector<DailyStep>{});
    bool ended = false;
    boost::asio::co_spawn(io, keeper->run(), [&](std::exception_ptr failed) {
        CHECK(!failed);
        ended = true;
    });
    boost::asio::post(io, [this] { keeper->stop(); });
    io.restart();
    io.run();
    CHECK(ended);
}
