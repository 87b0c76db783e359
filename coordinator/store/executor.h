#pragma once
/// Runs store verbs off the network thread: one writer thread that commits many callers' work in
/// one transaction (group commit: at most 5 ms or 512 calls), and a few readers of their own.
/// A call's promise is kept only after its transaction is on disk. Thread-safe.
///
/// Cancelling a coroutine that waits here does not undo its call: the call runs, the coroutine
/// resumes with the result and meets its cancellation at its next co_await.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "coordinator/store/store.h"

namespace gleaner::store {

class StoreExecutor {
public:
    /// Calls that may wait for the writer or the readers; one more is refused as unavailable.
    static constexpr std::size_t queue_max = 65'536;

    /// `completions`: where coroutines resume; it must outlive this object. `split`: how revenue is
    /// shared where no contract says otherwise. Opens (and migrates)
    /// the database file at `path`. Errors: those of Store::open and
    /// Store::set_split; failed_precondition when another
    /// process has it open in a StoreExecutor.
    [[nodiscard]] static Result<std::unique_ptr<StoreExecutor>> start(
        const std::string& path, const Clock& clock, boost::asio::any_io_executor completions,
        const ledger::Split& split = {});
    /// Finishes what is queued, then joins the threads.
    ~StoreExecutor();

    /// Runs `work` in a savepoint of the current group; resumes after the group's commit. An error
    /// from `work` undoes only its own changes. A failed commit, or a full disk, fails every call
    /// of the group and leaves nothing of it.
    template <class T>
    boost::asio::awaitable<Result<T>> write(std::function<Result<T>(Store&)> work);
    /// Runs `work` on a reader connection: it sees the last commit, in one snapshot.
    template <class T>
    boost::asio::awaitable<Result<T>> read(std::function<Result<T>(Store&)> work);
    /// Fire and forget for the hot path: `done` runs on the completions executor after the commit.
    void post_write(std::function<Status(Store&)> work, std::function<void(Status)> done);

    /// Calls waiting for the writer now: a metric, and the sign to slow down.
    [[nodiscard]] std::size_t queued() const;

private:
    struct State;
    explicit StoreExecutor(std::unique_ptr<State> state);
    boost::asio::awaitable<Status> run(bool write, std::function<Status(Store&)> work);
    template <class T>
    boost::asio::awaitable<Result<T>> call(bool write, std::function<Result<T>(Store&)> work);
    std::unique_ptr<State> state_;
};

template <class T>
boost::asio::awaitable<Result<T>> StoreExecutor::call(bool write,
                                                      std::function<Result<T>(Store&)> work) {
    // Shared with the store's thread, so that neither depends on the other's frame.
    auto result = std::make_shared<std::optional<Result<T>>>();
    std::function<Status(Store&)> step = [result, work = std::move(work)](Store& store) -> Status {
        result->emplace(work(store));
        if ((*result)->has_error()) return (*result)->error();
        return ok();
    };
    auto status = co_await run(write, std::move(step));
    if (status.has_error()) co_return std::move(status).error();
    co_return std::move(**result);
}

template <class T>
boost::asio::awaitable<Result<T>> StoreExecutor::write(std::function<Result<T>(Store&)> work) {
    return call<T>(true, std::move(work));
}

template <class T>
boost::asio::awaitable<Result<T>> StoreExecutor::read(std::function<Result<T>(Store&)> work) {
    return call<T>(false, std::move(work));
}

}  // namespace gleaner::store
