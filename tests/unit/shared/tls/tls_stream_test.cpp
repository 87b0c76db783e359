// The stream over a real socket pair: bytes in order under back pressure, corking, clean and
// unclean ends.
#include "shared/tls/tls_stream.h"

#include <optional>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include "shared/async/task_group.h"
#include "shared/tls/authority.h"
#include "shared/tls/contexts.h"

using namespace gleaner;
using tls::TlsStream;
namespace asio = boost::asio;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

/// Two connected streams; the certificates are of now, since the stream uses the system's clock.
struct Connected {
    SystemClock clock;
    tls::Authority authority = tls::Authority::create("test", clock).value();
    tls::KeyPair key = tls::KeyPair::generate().value();
    asio::io_context io;
    asio::ssl::context server_context = make_server_context();
    asio::ssl::context client_context = tls::joining_node_context(authority.pin()).value();
    std::optional<TlsStream> client, server;
    TaskGroup group{io.get_executor()};

    Connected() {
        asio::local::stream_protocol::socket a(io), b(io);
        asio::local::connect_pair(a, b);
        client.emplace(TlsStream::Socket(std::move(a)), client_context, tls::Side::client);
        server.emplace(TlsStream::Socket(std::move(b)), server_context, tls::Side::server);
        REQUIRE(group.spawn(shake(*client)));
        REQUIRE(group.spawn(shake(*server)));
        io.run();
        io.restart();
        REQUIRE(shaken == 2);
    }

    asio::ssl::context make_server_context() {
        const std::vector<std::string> names{"localhost"};
        const auto issued = authority.issue_server(key, names, 1h).value();
        return tls::gateway_server_context(issued.pem, key, authority.certificate_pem()).value();
    }
    asio::awaitable<void> shake(TlsStream& stream) {
        const auto [error] = co_await stream.async_handshake(quietly);
        if (!error) ++shaken;
    }
    int shaken = 0;
};

asio::awaitable<void> write_all(TlsStream& stream, const std::string& data,
                                boost::system::error_code& error) {
    auto [failed, n] = co_await asio::async_write(stream, asio::buffer(data), quietly);
    error = failed;
}

asio::awaitable<void> read_exactly(TlsStream& stream, std::string& data,
                                   boost::system::error_code& error) {
    auto [failed, n] = co_await asio::async_read(stream, asio::buffer(data), quietly);
    error = failed;
}

asio::awaitable<void> flush(TlsStream& stream) {
    co_await stream.async_flush(quietly);
}

std::string pattern(std::size_t size) {
    std::string data(size, '\0');
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<char>(i * 31 + i / 257);
    return data;
}

}  // namespace

TEST_CASE("megabytes go both ways at once, in order, though the socket blocks many times") {
    Connected ends;
    const auto there = pattern(5'000'000);
    const auto back = pattern(3'000'001);
    std::string got_there(there.size(), '\0'), got_back(back.size(), '\0');
    boost::system::error_code e1, e2, e3, e4;
    REQUIRE(ends.group.spawn(write_all(*ends.client, there, e1)));
    REQUIRE(ends.group.spawn(write_all(*ends.server, back, e2)));
    REQUIRE(ends.group.spawn(read_exactly(*ends.server, got_there, e3)));
    REQUIRE(ends.group.spawn(read_exactly(*ends.client, got_back, e4)));
    ends.io.run();
    CHECK_FALSE((e1 || e2 || e3 || e4));
    CHECK(got_there == there);
    CHECK(got_back == back);
}

TEST_CASE("corked writes reach the peer together and only after the flush") {
    Connected ends;
    boost::system::error_code error;
    std::string got(30, '\0');
    boost::system::error_code read_error;
    ends.client->cork();
    const std::string part = "0123456789";
    for (int i = 0; i < 3; ++i) REQUIRE(ends.group.spawn(write_all(*ends.client, part, error)));
    REQUIRE(ends.group.spawn(read_exactly(*ends.server, got, read_error)));
    ends.io.poll();
    CHECK(ends.group.size() == 1);
    CHECK(got[0] == '\0');
    REQUIRE(ends.group.spawn(flush(*ends.client)));
    ends.io.run();
    CHECK(got == part + part + part);
    CHECK_FALSE(error);
}

TEST_CASE("a clean end reads as eof, a torn connection as truncated") {
    for (const bool clean : {true, false}) {
        Connected ends;
        std::string got(1, '\0');
        boost::system::error_code error;
        REQUIRE(ends.group.spawn(read_exactly(*ends.server, got, error)));
        ends.io.poll();
        if (clean) {
            ends.client->end_sending();
        } else {
            ends.client->close();
        }
        ends.io.run();
        CHECK(error == (clean ? boost::system::error_code(asio::error::eof)
                              : asio::ssl::error::stream_truncated));
    }
}

TEST_CASE("writing to a closed connection fails without a signal") {
    Connected ends;
    ends.server->close();
    boost::system::error_code error;
    const auto data = pattern(1'000'000);
    REQUIRE(ends.group.spawn(write_all(*ends.client, data, error)));
    ends.io.run();
    CHECK(error);
}

TEST_CASE("closing ends an outstanding read") {
    Connected ends;
    std::string got(1, '\0');
    boost::system::error_code error;
    REQUIRE(ends.group.spawn(read_exactly(*ends.server, got, error)));
    ends.io.poll();
    ends.server->close();
    ends.io.run();
    CHECK(error == asio::error::operation_aborted);
}
