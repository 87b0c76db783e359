#pragma once
/// Blocking work (files, hashing, parsing much) away from the network thread.

#include <exception>
#include <functional>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/util/result.h"

namespace gleaner {

namespace async_detail {

/// Runs `step` on `pool`, then resumes the caller on its own executor.
[[nodiscard]] boost::asio::awaitable<void> run_on(boost::asio::any_io_executor pool,
                                                  std::function<void()> step);

}  // namespace async_detail

/// Runs `work` on `pool` and resumes on the caller's executor. Cannot be cancelled: the pool must
/// be joined before what `work` refers to is destroyed. An exception from `work` becomes an Error.
/// Build `work` as a named local (g++ 12).
template <class T>
boost::asio::awaitable<Result<T>> offload(boost::asio::any_io_executor pool,
                                          std::function<Result<T>()> work) {
    std::optional<Result<T>> result;
    std::function<void()> step = [&] {
        try {
            result.emplace(work());
        } catch (const std::exception& e) {
            result.emplace(Error(ErrorCode::internal, e.what()));
        }
    };
    co_await async_detail::run_on(std::move(pool), std::move(step));
    co_return std::move(*result);
}

}  // namespace gleaner
