#include "shared/async/notification.h"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "shared/async/task_group.h"

using namespace gleaner;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> count_wakes(Notification& notification, int rounds, int& wakes) {
    for (int i = 0; i < rounds; ++i) {
        co_await notification.wait();
        ++wakes;
    }
}

asio::awaitable<void> wait_limited(Notification& notification, Duration limit, int& result) {
    result = co_await notification.wait_for(limit) ? 1 : 0;
}

}  // namespace

TEST_CASE("a notification sent before the wait is not lost, and several count as one") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    Notification notification(io.get_executor());
    int wakes = 0;
    notification.notify();
    notification.notify();
    REQUIRE(group.spawn(count_wakes(notification, 2, wakes)));
    io.poll();
    CHECK(wakes == 1);
    notification.notify();
    io.poll();
    CHECK(wakes == 2);
    CHECK(group.size() == 0);
}

TEST_CASE("a limited wait tells a notification from a timeout") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    Notification notification(io.get_executor());
    int result = -1;
    REQUIRE(group.spawn(wait_limited(notification, 1ms, result)));
    io.run();
    CHECK(result == 0);
    io.restart();
    result = -1;
    REQUIRE(group.spawn(wait_limited(notification, 1h, result)));
    io.poll();
    CHECK(result == -1);
    notification.notify();
    io.run();
    CHECK(result == 1);
}
