#pragma once
/// Deadlines for operations that return Result. Asio's `a || timer` waits for the first *success*,
/// so an operation that throws would look like a timeout: here it never throws.

#include <exception>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

/// Returns after `d`. Throws boost::system::system_error (operation_aborted) when cancelled.
[[nodiscard]] boost::asio::awaitable<void> sleep_for(Duration d);

namespace async_detail {

/// The exception as an Error: cancelled for operation_aborted, else io_failed with its text.
[[nodiscard]] Error error_from_exception(const std::exception_ptr& exception);

template <class T>
boost::asio::awaitable<Result<T>> without_exceptions(boost::asio::awaitable<Result<T>> op) {
    std::exception_ptr exception;
    try {
        co_return co_await std::move(op);
    } catch (...) {
        exception = std::current_exception();
    }
    co_return error_from_exception(exception);
}

}  // namespace async_detail

/// The operation's result, or ErrorCode::timeout after `limit`. The operation is then cancelled
/// (terminal) and has ended when this returns: a stream it used is in no known state, close it.
/// An exception from the operation becomes an Error. Build `op` as a named local (g++ 12).
template <class T>
boost::asio::awaitable<Result<T>> with_deadline(boost::asio::awaitable<Result<T>> op,
                                                Duration limit) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto raced = co_await (async_detail::without_exceptions<T>(std::move(op)) || sleep_for(limit));
    if (raced.index() == 0) co_return std::get<0>(std::move(raced));
    co_return Error(ErrorCode::timeout, "no answer in time");
}

}  // namespace gleaner
