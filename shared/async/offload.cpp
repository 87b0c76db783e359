#include "shared/async/offload.h"

namespace gleaner::async_detail {

namespace asio = boost::asio;

asio::awaitable<void> run_on(asio::any_io_executor pool, std::function<void()> step) {
    auto started = asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        [pool = std::move(pool), step = std::move(step)](auto handler) mutable {
            auto home = asio::get_associated_executor(handler);
            auto work = asio::make_work_guard(home);
            asio::post(pool, [step = std::move(step), handler = std::move(handler), home,
                              work = std::move(work)]() mutable {
                step();
                asio::post(home, std::move(handler));
            });
        },
        asio::use_awaitable);
    co_await std::move(started);
}

}  // namespace gleaner::async_detail
