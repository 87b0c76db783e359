/// The server over loopback with real TLS; the client is a blocking OpenSSL stream on a thread of
/// its own, so that it can misbehave as it likes.

#include "coordinator/api/server.h"

#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include "coordinator/api/authenticator.h"
#include "coordinator/api/router.h"
#include "coordinator/store/executor.h"
#include "shared/async/notification.h"
#include "shared/tls/authority.h"
#include "shared/tls/contexts.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::api;
namespace asio = boost::asio;

namespace {

using Handled = asio::awaitable<ApiStatus>;

Handled echo(Request& request, Reply& reply) {
    const auto body = co_await request.read_all();
    if (body.has_error()) co_return body.error();
    (void)co_await reply.send_json(200, "\"" + body.value() + "\"");
    co_return api_ok();
}

Handled chunks(Request&, Reply& reply) {
    (void)co_await reply.begin(200, "text/plain", std::nullopt);
    (void)co_await reply.write("one");
    (void)co_await reply.write("two");
    (void)co_await reply.finish();
    co_return api_ok();
}

Handled broken(Request&, Reply&) {
    throw std::runtime_error("a bug");
    co_return api_ok();
}

struct Rig {
    explicit Rig(Duration body_piece_within = 30s) {
        auto authority = tls::Authority::create("test", clock);
        auto key = tls::KeyPair::generate();
        const std::vector<std::string> names{"localhost"};
        auto certificate = authority.value().issue_server(key.value(), names, 24h);
        context.emplace(
            std::move(tls::api_server_context(certificate.value().pem, key.value()).value()));
        store = std::move(
            store::StoreExecutor::start((folder.path() / "s.db").string(), clock, io.get_executor())
                .value());
        authenticator.emplace(*store, clock);
        add(Method::post, "/echo", Access::open, echo);
        add(Method::get, "/chunks", Access::open, chunks);
        add(Method::get, "/broken", Access::open, broken);
        add(Method::get, "/mine", Access::project, chunks);
        add(Method::get, "/wait", Access::open,
            [this](Request& request, Reply& reply) { return wait_for_hang_up(request, reply); });
        ServerOptions options;
        options.address = "127.0.0.1";
        options.port = 0;
        options.sessions_max = 2;
        options.body_piece_within = body_piece_within;
        server.emplace(options, clock, io.get_executor(), *context, router, *authenticator,
                       [this](const RequestRecord& record) { statuses.push_back(record.status); });
        REQUIRE(server->start());
        port = server->port();
        thread = std::thread([this] { io.run(); });
    }
    ~Rig() {
        std::promise<void> stopped;
        asio::co_spawn(io, server->stop(0ms),
                       [&](const std::exception_ptr&) { stopped.set_value(); });
        stopped.get_future().wait();
        io.stop();
        thread.join();
    }
    void add(Method method, std::string pattern, Access access, Handler handler) {
        Route route;
        route.method = method;
        route.pattern = std::move(pattern);
        route.access = access;
        route.body_bytes_max = 100;
        route.handler = std::move(handler);
        router.add(std::move(route));
    }
    Handled wait_for_hang_up(Request&, Reply& reply) {
        Notification gone(co_await asio::this_coro::executor);
        reply.set_on_gone([&gone] { gone.notify(); });
        waiting.set_value();
        co_await gone.wait();
        hung_up.set_value();
        co_return api_ok();
    }

    testing::TemporaryFolder folder;
    SystemClock clock;
    asio::io_context io;
    std::optional<asio::ssl::context> context;
    std::unique_ptr<store::StoreExecutor> store;
    std::optional<Authenticator> authenticator;
    Router router;
    std::optional<Server> server;
    std::uint16_t port = 0;
    std::vector<int> statuses;
    std::promise<void> waiting;
    std::promise<void> hung_up;
    std::thread thread;
};

class Client {
public:
    explicit Client(const Rig& rig) : stream_(io_, context_) {
        stream_.lowest_layer().connect({asio::ip::make_address("127.0.0.1"), rig.port});
        stream_.handshake(asio::ssl::stream_base::client);
    }
    void send(std::string_view bytes) { asio::write(stream_, asio::buffer(bytes)); }
    /// Reads until `mark` has come `times`, or the connection ends.
    std::string read_until(std::string_view mark, int times = 1) {
        std::string text;
        std::array<char, 4096> buffer{};
        for (;;) {
            int seen = 0;
            for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; ++at) ++seen;
            if (seen >= times) return text;
            boost::system::error_code problem;
            const auto n = stream_.read_some(asio::buffer(buffer), problem);
            if (problem) return text;
            text.append(buffer.data(), n);
        }
    }
    void hang_up() { stream_.lowest_layer().close(); }

private:
    asio::io_context io_;
    asio::ssl::context context_{asio::ssl::context::tls_client};
    asio::ssl::stream<asio::ip::tcp::socket> stream_;
};

constexpr std::string_view end_of_time = "never sent";

}  // namespace

TEST_CASE("requests on one connection are answered in order, pipelined ones too") {
    Rig rig;
    Client client(rig);
    client.send(
        "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\naPOST /echo HTTP/1.1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n2\r\ncd\r\n0\r\n\r\n");
    const auto text = client.read_until("\"bcd\"");
    CHECK(text.find("\"a\"") < text.find("\"bcd\""));
    CHECK(text.find("x-request-id: req_") != std::string::npos);
    client.send("GET /chunks HTTP/1.1\r\n\r\n");
    const auto chunked = client.read_until("0\r\n\r\n");
    CHECK(chunked.ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
}

TEST_CASE(
    "Expect: 100-continue is answered before the body, and a body over the limit never read") {
    Rig rig;
    Client client(rig);
    client.send("POST /echo HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 100 Continue"));
    client.send("ok");
    client.read_until("\"ok\"");
    client.send(
        "POST /echo HTTP/1.1\r\nContent-Length: 5000000000\r\nExpect: 100-continue\r\n\r\n");
    const auto refused = client.read_until(end_of_time);
    CHECK(refused.starts_with("HTTP/1.1 413"));
    CHECK(refused.find("Connection: close") != std::string::npos);
}

TEST_CASE("a chunked body over the limit is cut off while it comes") {
    Rig rig;
    Client client(rig);
    client.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
                std::string(101, 'x') + "\r\n");
    CHECK(client.read_until(end_of_time).starts_with("HTTP/1.1 413"));
}

TEST_CASE("a body that stalls is answered before its connection ends") {
    Rig rig(300ms);
    Client client(rig);
    client.send("POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf");
    const auto text = client.read_until(end_of_time);
    CHECK(text.starts_with("HTTP/1.1 408"));
    CHECK(text.find("Connection: close") != std::string::npos);
    CHECK(text.find("request_timeout") != std::string::npos);
}

TEST_CASE("unknown paths, methods, keys and handlers' bugs have their statuses") {
    Rig rig;
    Client client(rig);
    const auto status = [&](std::string_view request) {
        client.send(request);
        return client.read_until("}}").substr(9, 3);
    };
    CHECK(status("GET /nowhere HTTP/1.1\r\n\r\n") == "404");
    CHECK(status("DELETE /echo HTTP/1.1\r\n\r\n") == "405");
    CHECK(status("GET /mine HTTP/1.1\r\n\r\n") == "401");
    CHECK(status("GET /mine HTTP/1.1\r\nAuthorization: Bearer sk-x\r\n\r\n") == "401");
    CHECK(status("GET /%zz HTTP/1.1\r\n\r\n") == "400");
    CHECK(status("GET /broken HTTP/1.1\r\n\r\n") == "500");
}

TEST_CASE("heads that are too long or no HTTP are refused and the connection closed") {
    Rig rig;
    Client long_head(rig);
    long_head.send("GET / HTTP/1.1\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n");
    CHECK(long_head.read_until(end_of_time).starts_with("HTTP/1.1 431"));
    Client nonsense(rig);
    nonsense.send("nonsense\r\n\r\n");
    CHECK(nonsense.read_until(end_of_time).starts_with("HTTP/1.1 400"));
}

TEST_CASE("who speaks plain HTTP is told to speak HTTPS") {
    Rig rig;
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::make_address("127.0.0.1"), rig.port});
    asio::write(socket, asio::buffer(std::string_view("GET / HTTP/1.1\r\n\r\n")));
    std::string text(1024, '\0');
    text.resize(socket.read_some(asio::buffer(text)));
    CHECK(text.starts_with("HTTP/1.1 400"));
    CHECK(text.find("https_required") != std::string::npos);
}

TEST_CASE("a handler that waits learns at once that its client hung up") {
    Rig rig;
    Client client(rig);
    client.send("GET /wait HTTP/1.1\r\n\r\n");
    rig.waiting.get_future().wait();
    client.hang_up();
    CHECK(rig.hung_up.get_future().wait_for(10s) == std::future_status::ready);
}

TEST_CASE("connections over the limit are told so") {
    Rig rig;
    Client first(rig);
    first.send("GET /chunks HTTP/1.1\r\n\r\n");
    first.read_until("0\r\n\r\n");
    Client second(rig);
    second.send("GET /chunks HTTP/1.1\r\n\r\n");
    second.read_until("0\r\n\r\n");
    Client third(rig);
    third.send("GET /chunks HTTP/1.1\r\n\r\n");
    const auto refused = third.read_until(end_of_time);
    CHECK(refused.starts_with("HTTP/1.1 503"));
    CHECK(refused.find("Retry-After: ") != std::string::npos);
}
