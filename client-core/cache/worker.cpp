#include "client-core/cache/worker.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/thread_pool.hpp>

namespace gleaner {

struct Worker::Thread {
    explicit Thread(const boost::asio::any_io_executor& home) : home_lives(home) {}
    boost::asio::executor_work_guard<boost::asio::any_io_executor> home_lives;
    boost::asio::thread_pool pool{1};
};

Worker::Worker(boost::asio::any_io_executor home) : home_(std::move(home)) {}

Worker::~Worker() {
    if (thread_) thread_->pool.join();
}

void Worker::submit(std::function<void()> job) {
    if (!thread_) thread_ = std::make_unique<Thread>(home_);
    ++outstanding_;
    boost::asio::post(thread_->pool, std::move(job));
}

void Worker::finished() {
    if (--outstanding_ == 0) thread_.reset();
}

}  // namespace gleaner
