// A scripted server on a Unix socket in the same thread plays the engine's rare moments: hanging
// up, cutting a reply short, closing an idle connection. The real engine is in tests/integration.
#include "client-core/engine/engine_client.h"

#include <algorithm>
#include <array>
#include <memory>
#include <sstream>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include "shared/async/deadline.h"
#include "shared/async/task_group.h"
#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

const std::string short_reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers the n-th request of the whole test with the n-th reply; an empty reply hangs up.
struct Script {
    std::vector<std::string> replies;
    std::size_t requests_per_connection = 1000;  ///< then it closes, without having said so
    bool never_answer = false;
    std::size_t requests = 0;
    std::size_t connections = 0;
    std::size_t hangups_seen = 0;  ///< connections that the client closed
    std::vector<std::string> heads;
};

asio::awaitable<void> serve(Local::socket socket, Script& script) {
    std::string input;
    boost::system::error_code ec;
    for (std::size_t served = 0; served < script.requests_per_connection; ++served) {
        const std::size_t size =
            co_await asio::async_read_until(socket, asio::dynamic_buffer(input), "\r\n\r\n",
                                            asio::redirect_error(asio::use_awaitable, ec));
        if (ec) break;
        script.heads.push_back(input.substr(0, size));
        const auto length_at = input.find("Content-Length: ");
        const std::size_t body = std::stoul(input.substr(length_at + 16));
        while (!ec && input.size() < size + body) {
            std::array<char, 1024> more{};
            const auto got = co_await socket.async_read_some(
                asio::buffer(more), asio::redirect_error(asio::use_awaitable, ec));
            input.append(more.data(), got);
        }
        input.erase(0, size + body);
        const std::size_t number = script.requests++;
        if (script.never_answer) continue;
        const std::string reply = number < script.replies.size() ? script.replies[number] : "";
        if (reply.empty()) break;
        co_await asio::async_write(socket, asio::buffer(reply),
                                   asio::redirect_error(asio::use_awaitable, ec));
    }
    if (ec) ++script.hangups_seen;
}

asio::awaitable<void> accept_all(Local::acceptor& acceptor, Script& script, TaskGroup& sessions) {
    while (true) {
        Local::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        ++script.connections;
        static_cast<void>(sessions.spawn(serve(std::move(socket), script)));
    }
}

/// One client and its scripted server.
class Bench {
public:
    using Limits = EngineClient::Limits;
    explicit Bench(Limits limits = {})
        : path_(folder_.path() / "e.sock"),
          acceptor_(io_, Local::endpoint(path_.string())),
          sessions_(io_.get_executor()),
          client(io_.get_executor(), path_, limits) {}

    /// Runs `work` to its end, with the server beside it.
    void run(asio::awaitable<void> work) {
        asio::co_spawn(io_, all(std::move(work)), [](const std::exception_ptr& exception) {
            if (exception) std::rethrow_exception(exception);
        });
        io_.run();
        io_.restart();
    }

private:
    asio::awaitable<void> all(asio::awaitable<void> work) {
        static_cast<void>(sessions_.spawn(accept_all(acceptor_, script, sessions_)));
        co_await std::move(work);
        client.close_idle();
        sessions_.cancel(asio::cancellation_type::terminal);
        co_await sessions_.join();
    }

    testing::TemporaryFolder folder_;
    std::filesystem::path path_;
    asio::io_context io_{1};
    Local::acceptor acceptor_;
    TaskGroup sessions_;

public:
    Script script;
    EngineClient client;
};

using Outcome = std::unique_ptr<Result<EngineReply>>;

asio::awaitable<void> post(EngineClient& client, Outcome& outcome) {
    auto reply = co_await client.post("/v1/x", "body");
    outcome = std::make_unique<Result<EngineReply>>(std::move(reply));
}

asio::awaitable<void> post_times(EngineClient& client, int times, int& good) {
    for (int i = 0; i < times; ++i) {
        const auto reply = co_await client.post("/v1/x", "body");
        if (reply && reply.value().ok() && reply.value().body() == "ok") ++good;
    }
}

TEST_CASE("requests go over one kept connection, with path and length") {
    Bench bench;
    bench.script.replies.assign(3, short_reply);
    int good = 0;
    bench.run(post_times(bench.client, 3, good));
    CHECK(good == 3);
    CHECK(bench.script.connections == 1);
    CHECK(bench.script.heads[0].starts_with("POST /v1/x HTTP/1.1\r\n"));
    CHECK(bench.script.heads[0].find("Content-Length: 4\r\n") != std::string::npos);
}

TEST_CASE("a connection that the server closed between requests is replaced quietly") {
    Bench bench;
    bench.script.replies.assign(5, short_reply);
    bench.script.requests_per_connection = 1;
    int good = 0;
    bench.run(post_times(bench.client, 5, good));
    CHECK(good == 5);
    CHECK(bench.script.requests == 5);
    CHECK(bench.script.connections == 5);
}

TEST_CASE("a fresh connection that is hung up on is an error, not tried again") {
    Bench bench;
    bench.script.replies = {""};
    Outcome outcome;
    bench.run(post(bench.client, outcome));
    REQUIRE_FALSE(*outcome);
    CHECK(outcome->error().code() == ErrorCode::unavailable);
    CHECK(bench.script.requests == 1);
}

asio::awaitable<void> post_twice(EngineClient& client, Outcome& first, Outcome& second) {
    co_await post(client, first);
    co_await post(client, second);
}

TEST_CASE("a reply that is cut short is an error, not tried again even on a kept connection") {
    Bench bench;
    bench.script.replies = {short_reply, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nha"};
    bench.script.requests_per_connection = 2;
    Outcome first;
    Outcome second;
    bench.run(post_twice(bench.client, first, second));
    CHECK(*first);
    REQUIRE_FALSE(*second);
    CHECK(second->error().code() == ErrorCode::unavailable);
    CHECK(bench.script.requests == 2);
    CHECK(bench.script.connections == 1);
}

TEST_CASE("a server that says it closes is not asked on the same connection") {
    Bench bench;
    bench.script.replies.assign(
        2, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    int good = 0;
    bench.run(post_times(bench.client, 2, good));
    CHECK(good == 2);
    CHECK(bench.script.connections == 2);
}

TEST_CASE("what is not HTTP is reported as corrupt") {
    Bench bench;
    bench.script.replies = {"hello there, this is no reply\r\n\r\n"};
    Outcome outcome;
    bench.run(post(bench.client, outcome));
    REQUIRE_FALSE(*outcome);
    CHECK(outcome->error().code() == ErrorCode::data_corrupt);
}

TEST_CASE("a body over the bound is refused") {
    Bench::Limits limits;
    limits.body_bytes_max = 1;
    Bench bench(limits);
    bench.script.replies = {short_reply};
    Outcome outcome;
    bench.run(post(bench.client, outcome));
    REQUIRE_FALSE(*outcome);
    CHECK(outcome->error().code() == ErrorCode::too_large);
}

TEST_CASE("an engine that is not there is unavailable, and so is too long a path") {
    asio::io_context io{1};
    for (const std::string& path : {std::string("/nonexistent/e.sock"), std::string(200, 'x')}) {
        EngineClient client(io.get_executor(), path, {});
        Outcome outcome;
        asio::co_spawn(io, post(client, outcome), [](const std::exception_ptr&) {});
        io.run();
        io.restart();
        REQUIRE_FALSE(*outcome);
        CHECK(outcome->error().code() == ErrorCode::unavailable);
    }
}

std::string event_stream(const std::string& lines) {
    std::ostringstream out;
    out << "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
           "chunked\r\n\r\n"
        << std::hex << lines.size() << "\r\n"
        << lines << "\r\n0\r\n\r\n";
    return out.str();
}

asio::awaitable<void> stream(EngineClient& client, std::size_t want,
                             std::vector<std::string>& events, Outcome& outcome) {
    EngineClient::OnEvent on_event = [&events, want](std::string_view data) {
        events.emplace_back(data);
        return events.size() < want;
    };
    auto reply = co_await client.post_stream("/s", "{}", std::move(on_event));
    outcome = std::make_unique<Result<EngineReply>>(std::move(reply));
}

asio::awaitable<void> stream_twice(EngineClient& client, std::vector<std::string>& events,
                                   Outcome& first, Outcome& second) {
    co_await stream(client, 99, events, first);
    co_await stream(client, 99, events, second);
}

TEST_CASE("a stream is handed on event by event and its connection kept") {
    Bench bench;
    bench.script.replies.assign(2, event_stream("data: one\n\ndata: two\n\ndata: [DONE]\n\n"));
    std::vector<std::string> events;
    Outcome first;
    Outcome second;
    bench.run(stream_twice(bench.client, events, first, second));
    REQUIRE(*first);
    REQUIRE(*second);
    CHECK(first->value().ok());
    CHECK(events == std::vector<std::string>{"one", "two", "[DONE]", "one", "two", "[DONE]"});
    CHECK(bench.script.connections == 1);
}

TEST_CASE("a listener that has enough closes the connection") {
    Bench bench;
    bench.script.replies = {event_stream("data: one\n\ndata: two\n\n")};
    std::vector<std::string> events;
    Outcome outcome;
    bench.run(stream(bench.client, 1, events, outcome));
    REQUIRE(*outcome);
    CHECK(events.size() == 1);
    CHECK(bench.client.open_connections() == 0);
}

TEST_CASE("an error object instead of a stream comes back as the body") {
    Bench bench;
    bench.script.replies = {
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
        "Content-Length: 9\r\n\r\n{\"e\":\"x\"}"};
    std::vector<std::string> events;
    Outcome outcome;
    bench.run(stream(bench.client, 99, events, outcome));
    REQUIRE(*outcome);
    CHECK(outcome->value().status() == 400);
    CHECK(outcome->value().body() == "{\"e\":\"x\"}");
    CHECK(events.empty());
}

TEST_CASE("a stream's line over the bound ends it") {
    Bench::Limits limits;
    limits.line_bytes_max = 16;
    Bench bench(limits);
    bench.script.replies = {event_stream("data: " + std::string(100, 'x') + "\n\n")};
    std::vector<std::string> events;
    Outcome outcome;
    bench.run(stream(bench.client, 99, events, outcome));
    REQUIRE_FALSE(*outcome);
    CHECK(outcome->error().code() == ErrorCode::too_large);
}

asio::awaitable<void> post_with_deadline(EngineClient& client, Outcome& outcome) {
    auto asked = client.post("/v1/x", "body");
    auto reply = co_await with_deadline(std::move(asked), 5ms);
    outcome = std::make_unique<Result<EngineReply>>(std::move(reply));
}

TEST_CASE("a cancelled request closes its connection, and the next one works") {
    Bench bench;
    bench.script.never_answer = true;
    Outcome outcome;
    bench.run(post_with_deadline(bench.client, outcome));
    REQUIRE_FALSE(*outcome);
    CHECK(outcome->error().code() == ErrorCode::timeout);
    CHECK(bench.client.open_connections() == 0);
    CHECK(bench.script.hangups_seen == 1);
    bench.script = {};
    bench.script.replies = {short_reply};
    bench.run(post(bench.client, outcome));
    CHECK(*outcome);
}

asio::awaitable<void> crowd(EngineClient& client, int& good, std::size_t& most) {
    TaskGroup group(co_await asio::this_coro::executor);
    for (int i = 0; i < 20; ++i) {
        CHECK(group.spawn(post_times(client, 5, good)));
        most = std::max(most, client.open_connections());
    }
    co_await group.join();
}

TEST_CASE("more callers than connections take turns and all are served") {
    Bench::Limits limits;
    limits.connections_max = 3;
    Bench bench(limits);
    bench.script.replies.assign(100, short_reply);
    int good = 0;
    std::size_t most = 0;
    bench.run(crowd(bench.client, good, most));
    CHECK(good == 100);
    CHECK(most <= 3);
    CHECK(bench.script.connections == 3);
}

asio::awaitable<void> wait_and_give_up(EngineClient& client, Outcome& first, Outcome& second,
                                       Outcome& third) {
    TaskGroup group(co_await asio::this_coro::executor);
    CHECK(group.spawn(post_with_deadline(client, first)));   // holds the only connection
    CHECK(group.spawn(post_with_deadline(client, second)));  // waits for it, gives up
    co_await group.join();
    co_await post_with_deadline(client, third);
}

TEST_CASE("a caller that gives up while it waits leaves its turn to the next") {
    Bench::Limits limits;
    limits.connections_max = 1;
    Bench bench(limits);
    bench.script.never_answer = true;
    Outcome first;
    Outcome second;
    Outcome third;
    bench.run(wait_and_give_up(bench.client, first, second, third));
    CHECK(first->error().code() == ErrorCode::timeout);
    CHECK(second->error().code() == ErrorCode::timeout);
    CHECK(third->error().code() == ErrorCode::timeout);
    CHECK(bench.script.requests >= 2);  // the third had its turn
}

}  // namespace
}  // namespace gleaner
