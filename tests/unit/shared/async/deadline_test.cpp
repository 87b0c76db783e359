#include "shared/async/deadline.h"

#include <memory>
#include <optional>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "shared/async/task_group.h"

using namespace gleaner;
namespace asio = boost::asio;

namespace {

asio::awaitable<Result<std::unique_ptr<int>>> answer_after(Duration d, int value) {
    co_await sleep_for(d);
    co_return std::make_unique<int>(value);
}

asio::awaitable<Status> fail_at_once() {
    co_return Error(ErrorCode::not_found, "no such thing");
}

asio::awaitable<Status> throw_at_once() {
    throw std::runtime_error("broken");
    co_return ok();
}

asio::awaitable<void> race(asio::awaitable<Status> op, Duration limit, std::optional<Status>& out) {
    out = co_await with_deadline(std::move(op), limit);
}

asio::awaitable<void> race_answer(Duration work, Duration limit,
                                  std::optional<Result<std::unique_ptr<int>>>& out) {
    auto op = answer_after(work, 42);
    out = co_await with_deadline(std::move(op), limit);
}

}  // namespace

TEST_CASE("an answer in time is returned, of any movable type") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    std::optional<Result<std::unique_ptr<int>>> out;
    REQUIRE(group.spawn(race_answer(1ms, 1h, out)));
    io.run();
    REQUIRE(out.has_value());
    REQUIRE(out->has_value());
    CHECK(*out->value() == 42);
}

TEST_CASE("a late answer is a timeout, and the operation is cancelled at once") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    std::optional<Result<std::unique_ptr<int>>> out;
    REQUIRE(group.spawn(race_answer(1h, 1ms, out)));
    io.run();
    REQUIRE(out.has_value());
    CHECK(out->error().code() == ErrorCode::timeout);
}

TEST_CASE("a failure is passed on at once instead of looking like a timeout") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    std::optional<Status> failed, thrown;
    REQUIRE(group.spawn(race(fail_at_once(), 1h, failed)));
    REQUIRE(group.spawn(race(throw_at_once(), 1h, thrown)));
    io.poll();
    REQUIRE(failed.has_value());
    CHECK(failed->error().code() == ErrorCode::not_found);
    REQUIRE(thrown.has_value());
    CHECK(thrown->error().code() == ErrorCode::internal);
    CHECK(thrown->error().message() == "broken");
}

TEST_CASE("cancelling the caller ends the operation with cancelled, not with timeout") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    std::optional<Result<std::unique_ptr<int>>> out;
    REQUIRE(group.spawn(race_answer(1h, 2h, out)));
    io.poll();
    group.cancel(asio::cancellation_type::terminal);
    io.run();
    REQUIRE(out.has_value());
    CHECK(out->error().code() == ErrorCode::cancelled);
}
