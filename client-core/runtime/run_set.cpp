#include "client-core/runtime/run_set.h"

#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "shared/util/check.h"

namespace gleaner {

namespace asio = boost::asio;

RunSet::RunSet(asio::any_io_executor executor, FailureHandler on_failure)
    : executor_(executor), on_failure_(std::move(on_failure)), emptied_(executor) {}

RunSet::~RunSet() {
    GLEANER_CHECK(running_.empty(), "a run set was destroyed with runs: join() first");
}

void RunSet::spawn(std::uint64_t number, asio::awaitable<void> task) {
    const auto [entry, fresh] = running_.try_emplace(number);
    GLEANER_CHECK(fresh, "a run number was used twice");
    asio::co_spawn(
        executor_, std::move(task),
        asio::bind_cancellation_slot(
            entry->second.stop.slot(),
            [this, number](const std::exception_ptr& exception) { ended(number, exception); }));
}

void RunSet::cancel(std::uint64_t number) {
    const auto entry = running_.find(number);
    if (entry == running_.end() || std::exchange(entry->second.cancelled, true)) return;
    entry->second.stop.emit(asio::cancellation_type::terminal);
}

void RunSet::cancel_all() {
    for (auto& [number, entry] : running_) {
        if (std::exchange(entry.cancelled, true)) continue;
        entry.stop.emit(asio::cancellation_type::terminal);
    }
}

void RunSet::ended(std::uint64_t number, const std::exception_ptr& exception) {
    const bool cancelled = running_.at(number).cancelled;
    running_.erase(number);
    if (exception && !cancelled) on_failure_(exception);
    if (running_.empty()) emptied_.notify();
}

asio::awaitable<void> RunSet::join() {
    while (!running_.empty()) co_await emptied_.wait();
}

}  // namespace gleaner
