#pragma once
/// Blocking work (hashing, disk) off the network thread. The thread exists only while there is
/// work: an idle node has one thread.

#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gleaner {

/// Used from one executor, its home. Must outlive the calls. Jobs run one after the other.
class Worker {
public:
    explicit Worker(boost::asio::any_io_executor home);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    /// Runs `job` on the worker's thread and returns its result at home. Is not cancelled: what
    /// `job` refers to must live until it is done. Build `job` as a named local (g++ 12).
    template <class R>
    boost::asio::awaitable<R> run(std::function<R()> job) {
        auto op = boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(R)>(
            [this](auto handler, std::function<R()> work) {
                using Handler = decltype(handler);
                auto shared = std::make_shared<Handler>(std::move(handler));
                submit([this, shared, work = std::move(work)]() mutable {
                    auto result = std::make_shared<R>(work());
                    work = nullptr;
                    boost::asio::post(home_, [this, shared, result] {
                        finished();
                        std::move (*shared)(std::move(*result));
                    });
                });
            },
            boost::asio::use_awaitable, std::move(job));
        co_return co_await std::move(op);
    }

private:
    void submit(std::function<void()> job);
    void finished();

    struct Thread;
    boost::asio::any_io_executor home_;
    std::unique_ptr<Thread> thread_;
    std::size_t outstanding_ = 0;
};

}  // namespace gleaner
