/// Aim: what is closed stays as it was, whatever is done afterwards and however the clock jumps.
/// Method: random histories from fixed seeds with closes between; what a close counted is counted
/// again later and must be the same, and the books must hold.

#include <map>

#include <doctest/doctest.h>

#include "shared/util/random.h"
#include "tests/support/closing_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::ClosingWorld;
using ledger::Period;
using ledger::PeriodKind;

namespace {

class Run {
public:
    explicit Run(std::uint64_t seed) : books_("2028-01-30 12:00:00"), random_(seed) {}

    void step() {
        clock_step();
        switch (random_.below(6)) {
            case 0:
                return top_up();
            case 1:
                return batch();
            case 2:
                return undone();
            case 3:
                return close();
            default:
                return stream();
        }
    }

    void check() {
        books_.check();
        for (const auto& [number, counted] : days_) {
            const auto now = books_.closes.reconcile({PeriodKind::day, number}).value();
            CAPTURE(to_text({PeriodKind::day, number}));
            for (const auto& sentence : now.mismatches) MESSAGE(sentence);
            REQUIRE(now.mismatch_count == 0);
            REQUIRE(now.entries == counted.entries);
            REQUIRE(now.meter_records == counted.meter_records);
            REQUIRE(statement(number) == statements_.at(number));
        }
    }
    [[nodiscard]] std::size_t closed_days() const { return days_.size(); }
    [[nodiscard]] int refused() const { return refused_; }
    [[nodiscard]] int closed_months() const { return months_; }

private:
    std::int64_t below(std::uint64_t bound) {
        return static_cast<std::int64_t>(random_.below(bound));
    }

    /// Mostly forward; sometimes back, by seconds or by days.
    void clock_step() {
        if (random_.chance(0.04)) {
            books_.clock.advance(-std::chrono::hours(below(72)));
        } else if (random_.chance(0.1)) {
            books_.clock.advance(-std::chrono::seconds(below(20)));
        } else if (random_.chance(0.6)) {
            books_.clock.advance(std::chrono::minutes(below(600)));
        }
    }

    /// A refusal is the clock's, and then nothing was posted.
    template <class T>
    bool posted(const Result<T>& result) {
        if (result.has_value()) return true;
        REQUIRE(result.error().code() == ErrorCode::unavailable);
        ++refused_;
        return false;
    }

    void top_up() {
        const Money before = books_.credit();
        const Money amount{1 + below(5'000)};
        const bool done = posted(books_.top_up(amount, std::to_string(next_++)));
        REQUIRE(books_.credit() == (done ? before + amount : before));
    }

    void stream() {
        const auto attempt = "s" + std::to_string(below(400));
        Acceptance acceptance;
        acceptance.meters.push_back(books_.world.meter(attempt, {below(50)}));
        acceptance.outcome.request = acceptance.meters.front().request;
        acceptance.receipt_json = "{}";
        (void)posted(books_.store->accept(std::span(&acceptance, 1)));
    }

    void batch() {
        const auto job = books_.store->admit_job(books_.world.job(3), {300});
        if (!posted(job)) return;
        std::vector<Acceptance> items;
        for (std::int64_t i = 0; i < 3; ++i) {
            items.push_back(books_.world.item(job.value(), i, {below(150)}));
        }
        (void)posted(books_.store->accept(items));
        if (random_.chance(0.7)) {
            (void)posted(books_.store->end_job(job.value().id, JobState::completed, {}, {}));
        }
    }

    /// A close and a payment in a transaction that is rolled back.
    void undone() {
        REQUIRE(books_.store->begin().has_value());
        const auto next = books_.closes.progress().value().next_day();
        (void)books_.closes.run({PeriodKind::day, *next}, "undone");
        (void)books_.top_up({3}, "undone");
        books_.store->rollback();
    }

    void close() {
        const auto progress = books_.closes.progress().value();
        const Period day{PeriodKind::day, *progress.next_day()};
        const auto closed = books_.closes.run(day, "bookkeeper");
        const bool over = books_.clock.wall() >= end_of(day) + close_grace;
        REQUIRE(closed.has_value() == over);
        if (!over) return;
        REQUIRE(closed.value().mismatches == 0);
        days_[day.number] = books_.closes.reconcile(day).value();
        statements_[day.number] = statement(day.number);
        if (const auto month = books_.closes.progress().value().next_month()) {
            (void)books_.closes.run({PeriodKind::month, *month}, "bookkeeper").value();
            ++months_;
        }
    }

    /// The customer's and the platform's balances at both ends of a day.
    std::vector<Money> statement(std::int64_t day) {
        const auto from = start_of_day(day);
        const auto to = start_of_day(day + 1);
        const auto customer =
            books_.store->customer_statement(books_.world.customer.id, from, to).value();
        const auto platform = books_.store->platform_statement(from, to).value();
        Money sum = customer.opening;
        for (const auto& line : customer.lines) sum += line.amount;
        REQUIRE(sum == customer.closing);
        return {customer.opening, customer.closing, platform.opening, platform.closing};
    }

    ClosingWorld books_;
    Random random_;
    std::map<std::int64_t, ledger::Reconciliation> days_;
    std::map<std::int64_t, std::vector<Money>> statements_;
    int next_ = 0;
    int refused_ = 0;
    int months_ = 0;
};

}  // namespace

TEST_CASE("what is closed stays as it was, however the clock jumps") {
    std::size_t days = 0;
    int refused = 0;
    int months = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        Run run(seed);
        for (int i = 0; i < 160; ++i) {
            run.step();
            if (i % 40 == 39) run.check();
        }
        days += run.closed_days();
        refused += run.refused();
        months += run.closed_months();
    }
    CHECK(days > 20);
    CHECK(refused > 10);
    CHECK(months > 3);
}
