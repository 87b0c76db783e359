#include "shared/async/notification.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/util/check.h"

namespace gleaner {

namespace asio = boost::asio;

Notification::Notification(const asio::any_io_executor& executor) : timer_(executor) {}

void Notification::notify() {
    pending_ = true;
    if (waiting_) timer_.cancel();
}

asio::awaitable<void> Notification::sleep() {
    GLEANER_CHECK(!waiting_, "a notification has one waiter at a time");
    waiting_ = true;
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    waiting_ = false;
}

asio::awaitable<void> Notification::wait() {
    if (take()) co_return;
    timer_.expires_at(asio::steady_timer::time_point::max());
    co_await sleep();
    pending_ = false;
}

asio::awaitable<bool> Notification::wait_for(Duration limit) {
    if (take()) co_return true;
    timer_.expires_after(limit);
    co_await sleep();
    co_return take();
}

}  // namespace gleaner
