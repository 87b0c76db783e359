/// Aim: one coroutine can be stopped without the others, and none outlives the set.

#include "client-core/runtime/run_set.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "client-core/cache/turnstile.h"
#include "shared/async/deadline.h"

namespace gleaner {
namespace {

namespace asio = boost::asio;

struct Fixture {
    asio::awaitable<void> wait_long(int& unwound) {
        struct Mark {
            explicit Mark(int& n) : count(n) {}
            ~Mark() { ++count; }
            int& count;
        } mark(unwound);
        co_await sleep_for(1h);
    }
    asio::awaitable<void> end_at_once() { co_return; }
    asio::awaitable<void> throw_at_once() {
        throw std::runtime_error("boom");
        co_return;
    }
    void run(asio::awaitable<void> task) {
        asio::co_spawn(io, std::move(task),
                       [](const std::exception_ptr& exception) { REQUIRE_FALSE(exception); });
        io.restart();
        io.run();
    }

    asio::io_context io{1};
    int failures = 0;
    RunSet runs{io.get_executor(), [this](const std::exception_ptr&) { ++failures; }};
};

asio::awaitable<void> stop_one_then_all(Fixture& f, int& first, int& others) {
    f.runs.spawn(1, f.wait_long(first));
    f.runs.spawn(2, f.wait_long(others));
    f.runs.spawn(3, f.wait_long(others));
    f.runs.spawn(4, f.end_at_once());
    co_await sleep_for(Duration::zero());
    f.runs.cancel(1);
    f.runs.cancel(1);
    f.runs.cancel(99);
    co_await sleep_for(Duration::zero());
    CHECK(first == 1);
    CHECK(others == 0);
    CHECK(f.runs.size() == 2);
    f.runs.cancel_all();
    co_await f.runs.join();
    CHECK(others == 2);
}

TEST_CASE("one run is stopped alone, all of them together, and neither counts as a failure") {
    Fixture f;
    int first = 0;
    int others = 0;
    f.run(stop_one_then_all(f, first, others));
    CHECK(f.failures == 0);
    CHECK(f.runs.size() == 0);
}

TEST_CASE("what escapes from a run reaches the owner") {
    Fixture f;
    f.runs.spawn(1, f.throw_at_once());
    f.io.run();
    CHECK(f.failures == 1);
}

asio::awaitable<void> pass(Turnstile& turnstile, std::vector<int>& order, int name) {
    const auto turn = co_await turnstile.enter();
    order.push_back(name);
    co_await sleep_for(Duration::zero());
    order.push_back(-name);
}

asio::awaitable<void> three_pass_one_leaves(Fixture& f, Turnstile& turnstile,
                                            std::vector<int>& order) {
    for (int i = 1; i <= 3; ++i) {
        f.runs.spawn(static_cast<std::uint64_t>(i), pass(turnstile, order, i));
    }
    f.runs.cancel(2);
    co_await f.runs.join();
}

TEST_CASE("a turnstile lets one in at a time, in order, and forgets who gave up waiting") {
    Fixture f;
    Turnstile turnstile(f.io.get_executor());
    std::vector<int> order;
    f.run(three_pass_one_leaves(f, turnstile, order));
    CHECK(order == std::vector<int>{1, -1, 3, -3});
    CHECK(f.failures == 0);
}

}  // namespace
}  // namespace gleaner
