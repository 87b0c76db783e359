#pragma once
/// A condition that one coroutine waits for. Not thread-safe: use it from the executor it was built
/// with. Needs no lock because a single thread runs that executor.

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/util/clock.h"

namespace gleaner {

/// Promises: a notify() is never lost. With nobody waiting it is remembered, and the next wait
/// returns at once; several notifications before a wait count as one. At most one coroutine waits
/// at a time (checked). Must outlive its waiter.
class Notification {
public:
    explicit Notification(const boost::asio::any_io_executor& executor);

    /// Wakes the one who waits, or else the next one to wait. Never resumes anyone inline.
    void notify();

    /// Returns when notified. A cancelled coroutine returns too, without an exception from here;
    /// it meets its cancellation at its next co_await.
    [[nodiscard]] boost::asio::awaitable<void> wait();

    /// True when notified, false after `limit` or when cancelled.
    [[nodiscard]] boost::asio::awaitable<bool> wait_for(Duration limit);

private:
    [[nodiscard]] bool take() { return std::exchange(pending_, false); }
    [[nodiscard]] boost::asio::awaitable<void> sleep();

    boost::asio::steady_timer timer_;
    bool pending_ = false;
    bool waiting_ = false;
};

}  // namespace gleaner
