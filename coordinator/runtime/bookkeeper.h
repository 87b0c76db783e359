#pragma once
/// Closes the books by itself: each day once it has been over for a while, each month after its
/// last day, and after each day's close the steps that others have given it. Decides by two pure
/// parts, due() and ClockWatch; the rest asks the store. One coroutine on the network's executor.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "coordinator/store/closes.h"
#include "coordinator/store/executor.h"
#include "shared/async/notification.h"
#include "shared/util/clock.h"

namespace gleaner::runtime {

/// Work that follows each day's close, once a day, on the store's writer: keep it short. What it
/// writes and that it is done are one transaction, so that a crash repeats only what was not done.
struct DailyStep {
    std::string name;  ///< never changed: what is done is kept under it
    std::function<Status(store::Store&, std::int64_t day)> run;
};

/// What can be closed now, oldest first; nothing when all is. A month that waits for an operator is
/// left out by `without_months`, so that days go on being closed.
[[nodiscard]] std::optional<ledger::Period> due(const store::ClosingProgress& progress,
                                                WallTime now, bool without_months);

/// A clock that was set forward by mistake would close days that have not been, and the books would
/// refuse all entries until then. So after a jump forward nothing is closed for an hour: time to
/// set the clock right. Compares the civil clock with the monotonic one; pure.
class ClockWatch {
public:
    static constexpr Duration jump_min = std::chrono::minutes(10);
    static constexpr Duration wait = std::chrono::hours(1);

    /// Both read at the same moment; call it often.
    [[nodiscard]] bool settled(WallTime wall, Time now);

private:
    std::optional<std::int64_t> offset_;
    Time settled_from_;
};

class Bookkeeper {
public:
    static constexpr Duration wakes_every = std::chrono::minutes(1);

    /// `store` and `clock` outlive this object. Steps run in this order on each day.
    Bookkeeper(store::StoreExecutor& store, const Clock& clock,
               const boost::asio::any_io_executor& executor, std::vector<DailyStep> steps);

    /// Goes on until stop(); this object outlives it.
    [[nodiscard]] boost::asio::awaitable<void> run();
    /// run() ends after the call to the store that is under way.
    void stop();
    /// All that is due now.
    [[nodiscard]] boost::asio::awaitable<void> round();

private:
    boost::asio::awaitable<Result<store::ClosedPeriod>> close(ledger::Period period);
    boost::asio::awaitable<void> do_steps();
    boost::asio::awaitable<Status> plan_steps();
    boost::asio::awaitable<void> do_step(const DailyStep& step);
    void not_closed(ledger::Period period, const Error& error, std::int64_t last_day);

    store::StoreExecutor& store_;
    const Clock& clock_;
    std::vector<DailyStep> steps_;
    Notification wake_;
    ClockWatch watch_;
    std::set<std::string> failed_;  ///< steps of this round
    /// The last closed day when a month was refused: it is tried again after the next one.
    std::optional<std::int64_t> month_refused_after_;
    bool stopping_ = false;
};

}  // namespace gleaner::runtime
