#include "shared/async/both.h"

#include <optional>
#include <stdexcept>
#include <string>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "shared/async/deadline.h"
#include "shared/async/task_group.h"

using namespace gleaner;
namespace asio = boost::asio;

namespace {

asio::awaitable<Result<int>> number_after(Duration d, int number) {
    co_await sleep_for(d);
    co_return number;
}

asio::awaitable<Result<std::string>> fail_at_once() {
    co_return Error(ErrorCode::not_found, "no such thing");
}

asio::awaitable<Result<std::string>> throw_at_once() {
    throw std::runtime_error("broken");
    co_return std::string();
}

using Answers = std::tuple<Result<int>, Result<std::string>>;

asio::awaitable<void> take(asio::awaitable<Answers> op, std::optional<Answers>& out,
                           std::string& thrown) {
    try {
        out.emplace(co_await std::move(op));
    } catch (const std::exception& failure) {
        thrown = failure.what();
    }
}

}  // namespace

TEST_CASE("an error of one of two does not end the other") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    std::optional<Answers> out;
    std::string thrown;
    REQUIRE(group.spawn(take(both(number_after(1ms, 7), fail_at_once()), out, thrown)));
    io.run();
    REQUIRE(out);
    CHECK(std::get<0>(*out).value() == 7);
    CHECK(std::get<1>(*out).error().code() == ErrorCode::not_found);
}

TEST_CASE("an exception of one of two cancels the other, and is thrown") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    std::optional<Answers> out;
    std::string thrown;
    REQUIRE(group.spawn(take(both(number_after(1h, 7), throw_at_once()), out, thrown)));
    io.run();  // returns, so the hour was cut short
    CHECK_FALSE(out);
    CHECK(thrown == "broken");
}
