#include "shared/async/offload.h"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
namespace asio = boost::asio;

namespace {

struct Rig {
    asio::io_context io;
    asio::thread_pool pool{1};

    Result<std::string> run(std::function<Result<std::string>()> work) {
        Result<std::string> outcome = std::string();
        asio::co_spawn(io, wait_for(std::move(work), outcome),
                       [](const std::exception_ptr& thrown) {
                           if (thrown) std::rethrow_exception(thrown);
                       });
        io.run();
        return outcome;
    }
    asio::awaitable<void> wait_for(std::function<Result<std::string>()> work,
                                   Result<std::string>& outcome) {
        outcome = co_await offload(pool.get_executor(), std::move(work));
        resumed_on = std::this_thread::get_id();
    }
    std::thread::id resumed_on;
};

}  // namespace

TEST_CASE("work runs on the pool and its caller goes on where it was") {
    Rig rig;
    std::thread::id worked_on;
    const auto outcome = rig.run([&]() -> Result<std::string> {
        worked_on = std::this_thread::get_id();
        return std::string("done");
    });
    CHECK(outcome.value() == "done");
    CHECK(worked_on != std::this_thread::get_id());
    CHECK(rig.resumed_on == std::this_thread::get_id());
}

TEST_CASE("an error and an exception both come back as errors") {
    Rig failing;
    const auto refused =
        failing.run([]() -> Result<std::string> { return Error(ErrorCode::disk_full, "full"); });
    CHECK(refused.error().code() == ErrorCode::disk_full);
    Rig throwing;
    const auto thrown =
        throwing.run([]() -> Result<std::string> { throw std::runtime_error("a bug"); });
    CHECK(thrown.error().code() == ErrorCode::internal);
    CHECK(thrown.error().message() == "a bug");
}
