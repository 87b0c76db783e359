#pragma once
/// Structured ownership of coroutines: whoever starts one owns it, can cancel it and waits for it.

#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <list>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "shared/async/notification.h"

namespace gleaner {

/// Not thread-safe: all members and all children run on the one executor it was built with.
/// Must be empty when destroyed (checked): `cancel(...)`, then `co_await join()`.
class TaskGroup {
public:
    static constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();
    /// Called, on the executor, with what escaped from a child.
    using FailureHandler = std::function<void(const std::exception_ptr&)>;

    /// `on_failure` is called once for every child that ended by an exception, except for
    /// operation_aborted after cancel(). It must not throw. With the default the program aborts.
    explicit TaskGroup(const boost::asio::any_io_executor& executor,
                       FailureHandler on_failure = nullptr, std::size_t max_tasks = unbounded);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    /// Starts a child; it may run until its first suspension before this returns. False, and the
    /// task is destroyed unstarted, when max_tasks are running.
    [[nodiscard]] bool spawn(boost::asio::awaitable<void> task);

    /// Asks every running child to stop. Children spawned later are not affected.
    void cancel(boost::asio::cancellation_type type);

    /// Returns when no child runs. Waits on even when the caller is cancelled: the cancellation is
    /// passed to the children (as terminal) and the caller meets it at its next co_await.
    [[nodiscard]] boost::asio::awaitable<void> join();

    [[nodiscard]] std::size_t size() const { return running_.size(); }

private:
    struct Child;
    void on_end(std::list<Child>::iterator child, const std::exception_ptr& exception);

    boost::asio::any_io_executor executor_;
    FailureHandler on_failure_;
    std::size_t max_tasks_;
    std::list<Child> running_;
    Notification emptied_;
};

}  // namespace gleaner
