#pragma once
/// Two operations at a time.

#include <tuple>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "shared/util/result.h"

namespace gleaner {

/// Their results, when both have ended; an error of one does not end the other. An exception of
/// one, as at a cancellation, cancels the other and is thrown when that has ended too. Build the
/// operations as named locals (g++ 12).
template <class A, class B>
boost::asio::awaitable<std::tuple<Result<A>, Result<B>>> both(boost::asio::awaitable<Result<A>> a,
                                                              boost::asio::awaitable<Result<B>> b) {
    using namespace boost::asio::experimental::awaitable_operators;
    co_return co_await (std::move(a) && std::move(b));
}

}  // namespace gleaner
