#pragma once
/// Two operations at a time.

#include <exception>
#include <tuple>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "shared/util/result.h"

namespace gleaner {

namespace async_detail {

/// The other one's exception is only that it was cancelled.
template <class T>
boost::asio::awaitable<Result<T>> note_first_exception(boost::asio::awaitable<Result<T>> op,
                                                       std::exception_ptr& first) {
    try {
        co_return co_await std::move(op);
    } catch (...) {
        if (!first) first = std::current_exception();
        throw;
    }
}

}  // namespace async_detail

/// Their results, when both have ended; an error of one does not end the other. An exception of
/// one, as at a cancellation, cancels the other and is thrown when that has ended too. Build the
/// operations as named locals (g++ 12).
template <class A, class B>
boost::asio::awaitable<std::tuple<Result<A>, Result<B>>> both(boost::asio::awaitable<Result<A>> a,
                                                              boost::asio::awaitable<Result<B>> b) {
    using namespace boost::asio::experimental::awaitable_operators;
    std::exception_ptr first;
    auto noted_a = async_detail::note_first_exception(std::move(a), first);
    auto noted_b = async_detail::note_first_exception(std::move(b), first);
    try {
        co_return co_await (std::move(noted_a) && std::move(noted_b));
    } catch (...) {
        std::rethrow_exception(first);
    }
}

}  // namespace gleaner
