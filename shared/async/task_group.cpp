#include "shared/async/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "shared/util/check.h"

namespace gleaner {

namespace asio = boost::asio;

struct TaskGroup::Child {
    asio::cancellation_signal stop;
    bool cancelled = false;
};

namespace {

bool is_cancellation(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const boost::system::system_error& e) {
        return e.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace

TaskGroup::TaskGroup(const asio::any_io_executor& executor, FailureHandler on_failure,
                     std::size_t max_tasks)
    : executor_(executor),
      on_failure_(std::move(on_failure)),
      max_tasks_(max_tasks),
      emptied_(executor) {}

TaskGroup::~TaskGroup() {
    GLEANER_CHECK(running_.empty(), "a task group was destroyed with tasks running: join() first");
}

bool TaskGroup::spawn(asio::awaitable<void> task) {
    if (running_.size() >= max_tasks_) return false;
    const auto child = running_.emplace(running_.end());
    asio::co_spawn(executor_, std::move(task),
                   asio::bind_cancellation_slot(child->stop.slot(),
                                                [this, child](const std::exception_ptr& exception) {
                                                    on_end(child, exception);
                                                }));
    return true;
}

void TaskGroup::on_end(std::list<Child>::iterator child, const std::exception_ptr& exception) {
    const bool stopped = child->cancelled;
    running_.erase(child);
    if (exception && !(stopped && is_cancellation(exception))) {
        GLEANER_CHECK(on_failure_ != nullptr, "a task ended by an exception nobody handles");
        on_failure_(exception);
    }
    if (running_.empty()) emptied_.notify();
}

void TaskGroup::cancel(asio::cancellation_type type) {
    for (auto child = running_.begin(); child != running_.end();) {
        const auto current = child++;  // `current` may be gone after emit
        current->cancelled = true;
        current->stop.emit(type);
    }
}

asio::awaitable<void> TaskGroup::join() {
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!running_.empty()) {
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() == asio::cancellation_type::none) {
            co_await emptied_.wait();
            continue;
        }
        // Once cancelled, further waits of this coroutine are not interrupted again.
        cancel(asio::cancellation_type::terminal);
        co_await emptied_.wait();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
}

}  // namespace gleaner
