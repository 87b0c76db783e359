#include "shared/async/task_group.h"

#include <stdexcept>
#include <string>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "shared/async/deadline.h"

using namespace gleaner;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> sleep_long() {
    co_await sleep_for(1h);
}

asio::awaitable<void> fail(std::string why) {
    co_await sleep_for(1ms);
    throw std::runtime_error(why);
}

asio::awaitable<void> join_then_mark(TaskGroup& group, bool& joined) {
    co_await group.join();
    joined = true;
}

}  // namespace

TEST_CASE("cancel ends every child and join waits for all of them") {
    asio::io_context io;
    TaskGroup children(io.get_executor());
    TaskGroup owner(io.get_executor());
    bool joined = false;
    for (int i = 0; i < 10; ++i) REQUIRE(children.spawn(sleep_long()));
    REQUIRE(owner.spawn(join_then_mark(children, joined)));
    io.poll();
    CHECK(children.size() == 10);
    CHECK_FALSE(joined);
    children.cancel(asio::cancellation_type::terminal);
    io.run();
    CHECK(children.size() == 0);
    CHECK(joined);
}

TEST_CASE("a child's exception reaches the owner's handler once") {
    asio::io_context io;
    std::string seen;
    TaskGroup group(io.get_executor(), [&](const std::exception_ptr& exception) {
        try {
            std::rethrow_exception(exception);
        } catch (const std::runtime_error& e) {
            seen += e.what();
        }
    });
    REQUIRE(group.spawn(fail("broken;")));
    io.run();
    CHECK(seen == "broken;");
    CHECK(group.size() == 0);
}

TEST_CASE("a full group refuses the next child and takes one again when a place is free") {
    asio::io_context io;
    TaskGroup group(io.get_executor(), nullptr, 2);
    REQUIRE(group.spawn(sleep_long()));
    REQUIRE(group.spawn(sleep_long()));
    CHECK_FALSE(group.spawn(sleep_long()));
    group.cancel(asio::cancellation_type::terminal);
    io.run();
    io.restart();
    CHECK(group.spawn(sleep_long()));
    group.cancel(asio::cancellation_type::terminal);
    io.run();
}

TEST_CASE("a cancelled owner takes its children with it and still waits for them") {
    asio::io_context io;
    TaskGroup children(io.get_executor());
    TaskGroup owner(io.get_executor());
    bool joined = false;
    REQUIRE(children.spawn(sleep_long()));
    REQUIRE(owner.spawn(join_then_mark(children, joined)));
    io.poll();
    owner.cancel(asio::cancellation_type::terminal);
    io.run();
    CHECK(joined);
    CHECK(children.size() == 0);
    CHECK(owner.size() == 0);
}
