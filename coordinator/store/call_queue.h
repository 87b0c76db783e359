#pragma once
/// Calls on their way from the network threads to the store's threads. Thread-safe.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "coordinator/store/store.h"
#include "shared/util/result.h"

namespace gleaner::store {

/// `finish` is called exactly once, on any thread; it hands the status to whoever waits.
class StoreCall {
public:
    virtual ~StoreCall() = default;
    virtual void finish(Status status) = 0;
    std::function<Status(Store&)> work;
};

class CallQueue {
public:
    explicit CallQueue(std::size_t max) : max_(max) {}

    /// False when the queue is full or closed; the call is left to the caller.
    [[nodiscard]] bool push(std::unique_ptr<StoreCall>& call);
    /// Waits for a call; nothing once the queue is closed and empty.
    [[nodiscard]] std::unique_ptr<StoreCall> wait();
    /// A call if there is one now.
    [[nodiscard]] std::unique_ptr<StoreCall> next();
    void close();
    [[nodiscard]] std::size_t size() const;

private:
    [[nodiscard]] std::unique_ptr<StoreCall> take();

    // A lock and not a strand: the store's threads block here, they run no event loop.
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    const std::size_t max_;
    std::deque<std::unique_ptr<StoreCall>> calls_;
    bool closed_ = false;
};

}  // namespace gleaner::store
