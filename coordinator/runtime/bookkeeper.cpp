#include "coordinator/runtime/bookkeeper.h"

#include "coordinator/store/daily_steps.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace asio = boost::asio;
using ledger::Period;
using ledger::PeriodKind;
using store::ClosedPeriod;
using store::ClosingProgress;
using store::Store;

namespace {

constexpr std::size_t mismatches_logged_max = 20;

void log_closed(const ClosedPeriod& closed, const std::vector<std::string>& mismatches) {
    const auto period = store::to_text(closed.period);
    if (closed.mismatches == 0) {
        spdlog::info("event=books_closed period={} by={}", period, closed.by);
        return;
    }
    spdlog::error("event=books_do_not_match period={} mismatches={}: see gleanerctl close show {}",
                  period, closed.mismatches, period);
    for (std::size_t i = 0; i < mismatches.size() && i < mismatches_logged_max; ++i) {
        spdlog::error("event=mismatch period={} what=\"{}\"", period, mismatches[i]);
    }
}

}  // namespace

std::optional<Period> due(const ClosingProgress& progress, WallTime now, bool without_months) {
    const auto over = [now](Period period) {
        return now >= store::end_of(period) + store::close_grace;
    };
    if (const auto month = progress.next_month(); month && !without_months) {
        const Period period{PeriodKind::month, *month};
        if (over(period)) return period;
    }
    if (const auto day = progress.next_day()) {
        const Period period{PeriodKind::day, *day};
        if (over(period)) return period;
    }
    return std::nullopt;
}

bool ClockWatch::settled(WallTime wall, Time now) {
    const std::int64_t offset = wall.micros - now.micros;
    const Duration jump{offset - offset_.value_or(offset)};
    offset_ = offset;
    if (jump >= jump_min) settled_from_ = now + wait;
    if (jump <= -jump_min) settled_from_ = now;
    return now >= settled_from_;
}

Bookkeeper::Bookkeeper(store::StoreExecutor& store, const Clock& clock,
                       const asio::any_io_executor& executor, std::vector<DailyStep> steps)
    : store_(store), clock_(clock), steps_(std::move(steps)), wake_(executor) {}

asio::awaitable<void> Bookkeeper::run() {
    while (!stopping_) {
        co_await round();
        if (stopping_) co_return;
        (void)co_await wake_.wait_for(wakes_every);
    }
}

void Bookkeeper::stop() {
    stopping_ = true;
    wake_.notify();
}

asio::awaitable<void> Bookkeeper::round() {
    if (!watch_.settled(clock_.wall(), clock_.now())) {
        spdlog::warn(
            "event=books_wait why=\"the clock was set forward; nothing is closed for an "
            "hour after that\"");
        co_return;
    }
    failed_.clear();
    while (!stopping_) {
        co_await do_steps();
        std::function<Result<ClosingProgress>(Store&)> look = [](Store& target) {
            return store::Closes(target).progress();
        };
        const auto progress = co_await store_.read(std::move(look));
        if (progress.has_error()) {
            spdlog::error("event=books_not_read why=\"{}\"", progress.error().message());
            co_return;
        }
        const bool refused =
            month_refused_after_ && month_refused_after_ == progress.value().last_day;
        const auto period = due(progress.value(), clock_.wall(), refused);
        if (!period || stopping_) co_return;
        const auto closed = co_await close(*period);
        if (closed.has_value()) continue;
        not_closed(*period, closed.error(), progress.value().last_day.value_or(0));
        if (period->kind == PeriodKind::day) co_return;
    }
}

/// A month that does not match waits for an operator; days go on.
void Bookkeeper::not_closed(Period period, const Error& error, std::int64_t last_day) {
    spdlog::error("event=books_not_closed period={} why=\"{}\"", store::to_text(period),
                  error.message());
    if (period.kind == PeriodKind::month) month_refused_after_ = last_day;
}

asio::awaitable<Result<ClosedPeriod>> Bookkeeper::close(Period period) {
    std::function<Result<bool>(Store&)> freeze = [period](Store& target) -> Result<bool> {
        GLEANER_TRY(store::Closes(target).freeze(period));
        return true;
    };
    const auto frozen = co_await store_.write(std::move(freeze));
    if (frozen.has_error()) co_return frozen.error();
    std::function<Result<ledger::Reconciliation>(Store&)> compare = [period](Store& target) {
        return store::Closes(target).reconcile(period);
    };
    const auto found = co_await store_.read(std::move(compare));
    if (found.has_error()) co_return found.error();
    const auto* const seen = &found.value();
    std::function<Result<ClosedPeriod>(Store&)> record = [period, seen](Store& target) {
        return store::Closes(target).close(period, "bookkeeper", {}, *seen);
    };
    auto closed = co_await store_.write(std::move(record));
    if (closed.has_value()) log_closed(closed.value(), seen->mismatches);
    co_return closed;
}

asio::awaitable<void> Bookkeeper::do_steps() {
    if (steps_.empty()) co_return;
    const auto planned = co_await plan_steps();
    if (planned.has_error()) {
        spdlog::error("event=daily_steps_not_planned why=\"{}\"", planned.error().message());
        co_return;
    }
    for (const auto& step : steps_) {
        if (!failed_.contains(step.name)) co_await do_step(step);
    }
}

asio::awaitable<Status> Bookkeeper::plan_steps() {
    std::vector<std::string> names;
    for (const auto& step : steps_) names.push_back(step.name);
    std::function<Result<bool>(Store&)> plan = [&names](Store& target) -> Result<bool> {
        GLEANER_TRY(store::DailySteps(target).plan(names));
        return true;
    };
    const auto planned = co_await store_.write(std::move(plan));
    if (planned.has_error()) co_return planned.error();
    co_return ok();
}

/// For each day that it is open for; stops at the first that fails, so that days keep their order.
asio::awaitable<void> Bookkeeper::do_step(const DailyStep& step) {
    const DailyStep* const kept = &step;
    for (bool more = true; more && !stopping_;) {
        std::function<Result<bool>(Store&)> work = [kept](Store& target) -> Result<bool> {
            store::DailySteps steps(target);
            GLEANER_TRY(const auto day, steps.open(kept->name));
            if (!day) return false;
            GLEANER_TRY(kept->run(target, *day));
            GLEANER_TRY(steps.finish(kept->name, *day));
            return true;
        };
        const auto done = co_await store_.write(std::move(work));
        if (done.has_error()) {
            spdlog::error("event=daily_step_failed step={} why=\"{}\": it is tried again",
                          kept->name, done.error().message());
            failed_.insert(kept->name);
        }
        more = done.has_value() && done.value();
    }
}

}  // namespace gleaner::runtime
