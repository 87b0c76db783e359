#pragma once
/// Runs blocking work on the blocking executor and resumes here with its result.

#include <functional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/util/result.h"

namespace gleaner::admin {

namespace blocking_detail {

// The result goes through a reference, since co_spawn wants types that can be made from nothing.
template <class T>
boost::asio::awaitable<void> run_into(std::function<Result<T>()> work, Result<T>& out) {
    out = work();
    co_return;
}

}  // namespace blocking_detail

/// `work` must not throw. Build it as a named local (g++ 12).
template <class T>
boost::asio::awaitable<Result<T>> run_blocking(boost::asio::any_io_executor blocking,
                                               std::function<Result<T>()> work) {
    Result<T> result = Error(ErrorCode::internal, "the work was not done");
    auto running = blocking_detail::run_into<T>(std::move(work), result);
    co_await boost::asio::co_spawn(std::move(blocking), std::move(running),
                                   boost::asio::use_awaitable);
    co_return result;
}

}  // namespace gleaner::admin
