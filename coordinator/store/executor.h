#pragma once
/// Runs store verbs off the network thread: one writer thread that commits many callers' work in
/// one transaction (group commit: at most 5 ms or 512 calls), and a few readers of their own.
/// A call's promise is kept only after its transaction is on disk.

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "coordinator/store/store.h"

namespace gleaner::store {

class StoreExecutor {
public:
    /// `completions`: where coroutines resume. Opens (and migrates) the database at `path`.
    [[nodiscard]] static Result<std::unique_ptr<StoreExecutor>> start(
        const std::string& path, const Clock& clock, boost::asio::any_io_executor completions);
    /// Finishes what is queued, then joins the threads.
    ~StoreExecutor();

    /// Runs `work` in a savepoint of the current group; resumes after the group's commit. An error
    /// from `work` undoes only its own changes. A failed commit fails every call of the group.
    template <class T>
    boost::asio::awaitable<Result<T>> write(std::function<Result<T>(Store&)> work);
    /// Runs `work` on a reader connection: it sees the last commit.
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
    std::unique_ptr<State> state_;
};

template <class T>
boost::asio::awaitable<Result<T>> StoreExecutor::write(std::function<Result<T>(Store&)> work) {
    std::optional<Result<T>> result;
    std::function<Status(Store&)> step = [&](Store& store) -> Status {
        result.emplace(work(store));
        if (result->has_error()) return result->error();
        return ok();
    };
    auto status = co_await run(true, std::move(step));
    if (status.has_error()) co_return std::move(status).error();
    co_return std::move(*result);
}

template <class T>
boost::asio::awaitable<Result<T>> StoreExecutor::read(std::function<Result<T>(Store&)> work) {
    std::optional<Result<T>> result;
    std::function<Status(Store&)> step = [&](Store& store) -> Status {
        result.emplace(work(store));
        if (result->has_error()) return result->error();
        return ok();
    };
    auto status = co_await run(false, std::move(step));
    if (status.has_error()) co_return std::move(status).error();
    co_return std::move(*result);
}

}  // namespace gleaner::store
