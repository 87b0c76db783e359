#include "coordinator/store/call_queue.h"

#include <utility>

namespace gleaner::store {

bool CallQueue::push(std::unique_ptr<StoreCall>& call) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || calls_.size() >= max_) return false;
        calls_.push_back(std::move(call));
    }
    arrived_.notify_one();
    return true;
}

std::unique_ptr<StoreCall> CallQueue::wait() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return closed_ || !calls_.empty(); });
    return take();
}

std::unique_ptr<StoreCall> CallQueue::next() {
    const std::lock_guard lock(mutex_);
    return take();
}

void CallQueue::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    arrived_.notify_all();
}

std::size_t CallQueue::size() const {
    const std::lock_guard lock(mutex_);
    return calls_.size();
}

std::unique_ptr<StoreCall> CallQueue::take() {
    if (calls_.empty()) return nullptr;
    auto call = std::move(calls_.front());
    calls_.pop_front();
    return call;
}

}  // namespace gleaner::store
