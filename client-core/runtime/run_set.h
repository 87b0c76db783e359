#pragma once
/// Coroutines by number, each of which can be stopped alone. A TaskGroup stops all or none.

#include <cstdint>
#include <functional>
#include <map>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "shared/async/notification.h"

namespace gleaner {

/// Single-threaded; must be empty when destroyed (checked): cancel_all(), then co_await join().
class RunSet {
public:
    using FailureHandler = std::function<void(const std::exception_ptr&)>;

    /// `on_failure` gets what escapes from a coroutine that was not cancelled.
    RunSet(boost::asio::any_io_executor executor, FailureHandler on_failure);
    RunSet(const RunSet&) = delete;
    RunSet& operator=(const RunSet&) = delete;
    ~RunSet();

    /// Starts `task` under `number`, which is not in use (checked).
    void spawn(std::uint64_t number, boost::asio::awaitable<void> task);
    /// Stops it at its next wait; nothing happens when there is no such coroutine.
    void cancel(std::uint64_t number);
    void cancel_all();
    [[nodiscard]] boost::asio::awaitable<void> join();
    [[nodiscard]] std::size_t size() const { return running_.size(); }

private:
    struct Entry {
        boost::asio::cancellation_signal stop;
        bool cancelled = false;
    };
    void ended(std::uint64_t number, const std::exception_ptr& exception);

    boost::asio::any_io_executor executor_;
    FailureHandler on_failure_;
    std::map<std::uint64_t, Entry> running_;
    Notification emptied_;
};

}  // namespace gleaner
