#include "coordinator/store/executor.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "coordinator/store/call_queue.h"
#include "coordinator/store/group_commit.h"

namespace gleaner::store {

namespace asio = boost::asio;

namespace {

constexpr std::size_t reader_count = 3;

using Handler = asio::any_completion_handler<void(Status)>;

/// A coroutine that waits. The handler owns its frame; cancellation does not reach it, so the frame
/// lives until finish() posts the result to the coroutine's own executor.
class WaitingCall final : public StoreCall {
public:
    WaitingCall(asio::any_io_executor executor, Handler handler)
        : executor_(std::move(executor)), handler_(std::move(handler)) {}

    void finish(Status status) override {
        asio::post(executor_,
                   [handler = std::move(handler_), status = std::move(status)]() mutable {
                       std::move(handler)(std::move(status));
                   });
    }

private:
    asio::any_io_executor executor_;
    Handler handler_;
};

class PostedCall final : public StoreCall {
public:
    PostedCall(std::function<void(Status)> done, const asio::any_io_executor& completions)
        : completions_(asio::prefer(completions, asio::execution::outstanding_work.tracked)),
          done_(std::move(done)) {}

    void finish(Status status) override {
        asio::post(completions_, [done = std::move(done_), status = std::move(status)]() mutable {
            done(std::move(status));
        });
    }

private:
    asio::any_io_executor completions_;
    std::function<void(Status)> done_;
};

/// One coordinator per database: held while the descriptor is open, freed by the kernel at exit.
class DatabaseLock {
public:
    [[nodiscard]] static Result<DatabaseLock> acquire(const std::string& database) {
        const std::string path = database + ".lock";
        const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (descriptor < 0) return error_from_errno("opening " + path, errno);
        DatabaseLock lock(descriptor);
        if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
        if (errno != EWOULDBLOCK) return error_from_errno("locking " + path, errno);
        return Error(ErrorCode::failed_precondition,
                     "another coordinator is using the database " + database +
                         ": stop it first, or name another database");
    }
    DatabaseLock(DatabaseLock&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)) {}
    DatabaseLock& operator=(DatabaseLock&&) = delete;
    ~DatabaseLock() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

private:
    explicit DatabaseLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace

struct StoreExecutor::State {
    State(DatabaseLock held, const Clock& injected, asio::any_io_executor where)
        : lock(std::move(held)), clock(injected), completions(std::move(where)) {}

    void submit(bool write, std::unique_ptr<StoreCall> call) {
        auto& queue = write ? writes : reads;
        if (queue.push(call)) return;
        call->finish(Error(ErrorCode::unavailable, "the store is " + std::to_string(queue_max) +
                                                       " calls behind: try again in a moment"));
    }

    DatabaseLock lock;
    const Clock& clock;
    asio::any_io_executor completions;
    std::unique_ptr<Store> writer;
    std::array<std::unique_ptr<Store>, reader_count> readers;
    CallQueue writes{queue_max};
    CallQueue reads{queue_max};
    std::vector<std::thread> threads;
};

Result<std::unique_ptr<StoreExecutor>> StoreExecutor::start(const std::string& path,
                                                            const Clock& clock,
                                                            asio::any_io_executor completions,
                                                            const ledger::Split& split) {
    if (path == ":memory:") {
        return Error(ErrorCode::invalid_argument,
                     "the store needs a file: its readers cannot see a database in memory");
    }
    GLEANER_TRY(auto lock, DatabaseLock::acquire(path));
    auto state = std::make_unique<State>(std::move(lock), clock, std::move(completions));
    GLEANER_TRY(state->writer, Store::open(path, Store::Mode::read_write, clock));
    GLEANER_TRY(state->writer->set_split(split));
    for (auto& reader : state->readers) {
        GLEANER_TRY(reader, Store::open(path, Store::Mode::read_only, clock));
        GLEANER_TRY(reader->set_split(split));
    }
    return std::unique_ptr<StoreExecutor>(new StoreExecutor(std::move(state)));
}

StoreExecutor::StoreExecutor(std::unique_ptr<State> state) : state_(std::move(state)) {
    State& shared = *state_;
    shared.threads.emplace_back([&shared] {
        while (auto call = shared.writes.wait()) {
            run_group(*shared.writer, shared.clock, shared.writes, std::move(call));
        }
    });
    for (auto& reader : shared.readers) {
        shared.threads.emplace_back([&shared, &store = *reader] {
            while (auto call = shared.reads.wait()) run_alone(store, *call);
        });
    }
}

StoreExecutor::~StoreExecutor() {
    state_->writes.close();
    state_->reads.close();
    for (auto& thread : state_->threads) thread.join();
}

asio::awaitable<Status> StoreExecutor::run(bool write, std::function<Status(Store&)> work) {
    // No coroutine of its own: the initiation runs when the caller awaits, in the caller's frame.
    auto initiate = [](auto handler, State* state, bool writes,
                       std::function<Status(Store&)> steps) {
        asio::any_io_executor executor = asio::get_associated_executor(handler, state->completions);
        auto call = std::make_unique<WaitingCall>(std::move(executor), Handler(std::move(handler)));
        call->work = std::move(steps);
        state->submit(writes, std::move(call));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(Status)>(
        initiate, asio::use_awaitable, state_.get(), write, std::move(work));
}

void StoreExecutor::post_write(std::function<Status(Store&)> work,
                               std::function<void(Status)> done) {
    auto call = std::make_unique<PostedCall>(std::move(done), state_->completions);
    call->work = std::move(work);
    state_->submit(true, std::move(call));
}

std::size_t StoreExecutor::queued() const {
    return state_->writes.size();
}

}  // namespace gleaner::store
