/// Aim: group commit keeps each call's promise: done only after the commit, an error undoes one
/// call only, a full disk fails its group whole, and whoever gives up waiting does no harm.

#include "coordinator/store/executor.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

namespace asio = boost::asio;
using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;

namespace {

/// Keeps the writer busy, so that what is posted meanwhile becomes one group.
class Gate {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        opened_.notify_all();
    }
    void pass() {
        std::unique_lock lock(mutex_);
        opened_.wait(lock, [this] { return open_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool open_ = false;
};

struct Fixture {
    SystemClock clock;
    testing::TemporaryFolder folder;
    std::string path = (folder.path() / "store.db").string();
    asio::io_context io;
    std::unique_ptr<StoreExecutor> executor =
        StoreExecutor::start(path, clock, io.get_executor()).value();

    std::function<Status(Store&)> standing(std::string key, std::size_t size = 2) {
        return [key = std::move(key), size](Store& store) {
            return store.put_standing(key, std::string(size, 'x'));
        };
    }
    std::function<void(Status)> into(std::optional<Status>& result) {
        return [&result](Status status) { result.emplace(std::move(status)); };
    }
    void block(Gate& gate) {
        executor->post_write(
            [&gate](Store&) {
                gate.pass();
                return ok();
            },
            [](const Status&) {});
    }
    std::size_t stored() {
        auto reader = Store::open(path, Store::Mode::read_only, clock).value();
        return reader->standings().value().size();
    }
};

asio::awaitable<void> add_and_read(StoreExecutor& executor, std::string& name) {
    std::function<Result<Partner>(Store&)> add = [](Store& store) {
        return store.add_partner("P");
    };
    auto added = co_await executor.write<Partner>(std::move(add));
    const auto id = added.value().id;
    std::function<Result<Partner>(Store&)> read = [id](Store& store) { return store.partner(id); };
    auto found = co_await executor.read<Partner>(std::move(read));
    name = found.value().name;
}

asio::awaitable<void> write_one(StoreExecutor& executor, std::string key, bool& resumed) {
    std::function<Result<void>(Store&)> work = [key](Store& store) {
        return store.put_standing(key, "{}");
    };
    auto status = co_await executor.write<void>(std::move(work));
    resumed = status.has_value();
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a coroutine reads what it has written") {
    std::string name;
    asio::co_spawn(io, add_and_read(*executor, name),
                   [](const std::exception_ptr& e) { CHECK_FALSE(e); });
    io.run();
    CHECK(name == "P");
}

TEST_CASE_FIXTURE(Fixture, "a posted write is on disk when it is said to be done") {
    std::optional<bool> there;
    executor->post_write(standing("k"), [&](const Status& status) {
        CHECK(status.has_value());
        there = stored() == 1;
    });
    io.run();
    CHECK(there == true);
}

TEST_CASE_FIXTURE(Fixture, "an error, or an exception, of one call undoes that call only") {
    Gate gate;
    std::optional<Status> before, failed, threw, after;
    block(gate);
    executor->post_write(standing("before"), into(before));
    executor->post_write(
        [this](Store& store) -> Status {
            GLEANER_TRY(standing("half")(store));
            return Error(ErrorCode::not_found, "on purpose");
        },
        into(failed));
    executor->post_write([](Store&) -> Status { throw std::runtime_error("oops"); }, into(threw));
    executor->post_write(standing("after"), into(after));
    gate.open();
    io.run();
    CHECK(before->has_value());
    CHECK(failed->error().code() == ErrorCode::not_found);
    CHECK(threw->error().code() == ErrorCode::internal);
    CHECK(after->has_value());
    CHECK(stored() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a failing call alone in its group leaves nothing") {
    std::optional<Status> failed;
    executor->post_write(
        [this](Store& store) -> Status {
            GLEANER_TRY(standing("half")(store));
            return Error(ErrorCode::not_found, "on purpose");
        },
        into(failed));
    io.run();
    CHECK(failed->has_error());
    CHECK(stored() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a full disk fails its whole group, and the executor goes on serving") {
    Gate gate;
    std::optional<Status> limited, before, full, after, later;
    executor->post_write([](Store& store) { return store.limit_size(1); }, into(limited));
    block(gate);
    executor->post_write(standing("before"), into(before));
    executor->post_write(standing("big", 3'000'000), into(full));
    executor->post_write(standing("after"), into(after));
    gate.open();
    io.run();
    CHECK(before->error().code() == ErrorCode::disk_full);
    CHECK(full->error().code() == ErrorCode::disk_full);
    // "after" came too late for the group or was part of it: a small row may still fit.
    REQUIRE(after);

    std::optional<Status> freed;
    executor->post_write([](Store& store) { return store.limit_size(100'000'000); }, into(freed));
    executor->post_write(standing("later", 3'000'000), into(later));
    io.restart();
    io.run();
    CHECK(later->has_value());
    CHECK(stored() == (after->has_value() ? 2 : 1));
}

TEST_CASE_FIXTURE(Fixture, "a cancelled waiter resumes with the result, its write is kept") {
    Gate gate;
    bool resumed = false;
    asio::cancellation_signal cancel;
    block(gate);
    asio::co_spawn(io, write_one(*executor, "k", resumed),
                   asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&) {}));
    io.poll();
    cancel.emit(asio::cancellation_type::terminal);
    io.poll();
    CHECK_FALSE(resumed);
    gate.open();
    io.run();
    CHECK(resumed);
    CHECK(stored() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a loop that is destroyed while coroutines wait frees them safely") {
    bool resumed = false;
    {
        asio::io_context short_lived;
        Gate gate;
        block(gate);
        asio::co_spawn(short_lived, write_one(*executor, "k", resumed),
                       [](const std::exception_ptr&) {});
        short_lived.poll();
        gate.open();
        executor.reset();  // finishes the call and posts its result, which nobody runs
    }
    CHECK_FALSE(resumed);
    CHECK(stored() == 1);
}

TEST_CASE_FIXTURE(Fixture, "everything queued is written before the executor is gone") {
    Gate gate;
    block(gate);
    for (int i = 0; i < 600; ++i) {
        executor->post_write(standing("k" + std::to_string(i)),
                             [](const Status& status) { CHECK(status.has_value()); });
    }
    CHECK(executor->queued() >= 600);
    gate.open();
    executor.reset();
    CHECK(stored() == 600);
    CHECK(io.run() == 601);
}

TEST_CASE_FIXTURE(Fixture, "a queue that is full refuses at once") {
    Gate gate;
    block(gate);
    std::size_t refused = 0;
    const auto count = [&](const Status& status) {
        if (status.has_error() && status.error().code() == ErrorCode::unavailable) ++refused;
    };
    for (std::size_t i = 0; i < StoreExecutor::queue_max + 10; ++i) {
        executor->post_write([](Store&) { return ok(); }, count);
    }
    gate.open();
    io.run();
    // The blocking call may still have been in the queue, or not.
    CHECK(refused >= 9);
    CHECK(refused <= 11);
}

TEST_CASE_FIXTURE(Fixture, "a second coordinator on the same database is told so") {
    const auto second = StoreExecutor::start(path, clock, io.get_executor());
    REQUIRE(second.has_error());
    CHECK(second.error().code() == ErrorCode::failed_precondition);
    CHECK(second.error().message().find("another coordinator") != std::string::npos);
    executor.reset();
    CHECK(StoreExecutor::start(path, clock, io.get_executor()).has_value());
}

TEST_CASE_FIXTURE(Fixture, "a database in memory is refused: readers could not see it") {
    CHECK(StoreExecutor::start(":memory:", clock, io.get_executor()).error().code() ==
          ErrorCode::invalid_argument);
}
