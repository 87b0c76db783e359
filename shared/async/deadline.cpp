#include "shared/async/deadline.h"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace gleaner {

namespace asio = boost::asio;

asio::awaitable<void> sleep_for(Duration d) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(d);
    co_await timer.async_wait(asio::use_awaitable);
}

namespace async_detail {

Error error_from_exception(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) {
            return {ErrorCode::cancelled, "the operation was cancelled"};
        }
        return {ErrorCode::io_failed, e.what()};
    } catch (const std::exception& e) {
        return {ErrorCode::internal, e.what()};
    } catch (...) {
        return {ErrorCode::internal, "unknown exception"};
    }
}

}  // namespace async_detail

}  // namespace gleaner
