/// The local socket between the node and the programs of its machine: who gets in, what they may
/// do, what happens to those who misbehave.

#include "client-core/control/control_server.h"

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include "client-core/control/control_client.h"
#include "client-core/control/peer_credentials.h"
#include "shared/async/deadline.h"
#include "shared/proto/control.pb.h"
#include "shared/util/log.h"

using namespace gleaner;
namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

class EchoingHandler final : public ControlHandler {
public:
    asio::awaitable<void> answer(const control::ToNode& request,
                                 control::ToProgram& reply) override {
        if (request.has_check_sandbox()) co_await sleep_for(1h);
        if (request.has_read_log()) {
            auto& line = *reply.mutable_log()->add_lines();
            line.mutable_text()->set_en(request.read_log().contains());
        } else {
            reply.mutable_done();
        }
        co_return;
    }
    void describe(control::State& state) const override { state.set_node(node); }
    std::string node = "first";
};

/// A server on its own thread.
class Rig {
public:
    explicit Rig(std::size_t sessions_max = 32) {
        std::string pattern = (fs::temp_directory_path() / "control-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
        options.path = folder / "control.sock";
        options.version = "1.2.3";
        options.sessions_max = sessions_max;
        options.state_interval = 1ms;
        auto opened = ControlServer::open(options, handler, network.get_executor());
        REQUIRE(opened.has_value());
        server = std::move(opened).value();
        server->start();
        thread = std::thread([this] { network.run(); });
    }
    ~Rig() {
        asio::co_spawn(network, server->stop(), [](const std::exception_ptr&) {});
        thread.join();
        server.reset();
        fs::remove_all(folder);
    }
    void on_network(std::function<void()> what) { asio::post(network, std::move(what)); }
    [[nodiscard]] int connect() const {
        const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
        REQUIRE(socket >= 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        options.path.string().copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        return socket;
    }
    Result<ControlClient> client() { return ControlClient::open(options.path, "test"); }

    asio::io_context network;
    EchoingHandler handler;
    ControlServerOptions options;
    fs::path folder;
    std::unique_ptr<ControlServer> server;
    std::thread thread;
};

control::ToNode subscription() {
    control::ToNode request;
    request.mutable_subscribe();
    return request;
}

}  // namespace

TEST_CASE("a program says hello, asks, and is answered with its own request's number") {
    Rig rig;
    auto client = rig.client();
    REQUIRE(client.has_value());
    for (const char* word : {"one", "two"}) {
        control::ToNode request;
        request.mutable_read_log()->set_contains(word);
        const auto reply = client.value().ask(std::move(request));
        REQUIRE(reply.has_value());
        CHECK(reply.value().log().lines(0).text().en() == word);
    }
}

TEST_CASE("whoever subscribes is told the state, and again when it changes") {
    Rig rig;
    auto client = rig.client();
    REQUIRE(client.has_value());
    const auto now = client.value().ask(subscription());
    REQUIRE(now.has_value());
    CHECK(now.value().state().node() == "first");
    rig.on_network([&rig] {
        rig.handler.node = "second";
        rig.server->changed();
    });
    const auto later = client.value().next(5s);
    REQUIRE(later.has_value());
    CHECK(later.value().id() == 0);
    CHECK(later.value().state().node() == "second");
}

TEST_CASE("a program of another protocol is told so and let go") {
    Rig rig;
    const int socket = rig.connect();
    control::ToNode hello;
    hello.set_id(7);
    hello.mutable_hello()->set_protocol(99);
    const std::string frame = control::frame_of(hello);
    REQUIRE(::send(socket, frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()));
    control::FrameReader reader;
    std::array<char, 4096> buffer;
    control::ToProgram reply;
    ssize_t size = 0;
    while ((size = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0)
        reader.append({buffer.data(), static_cast<std::size_t>(size)});
    CHECK(size == 0);  // it hung up
    REQUIRE(reader.next(reply).value());
    CHECK(reply.id() == 7);
    CHECK(reply.refusal().code() == "unsupported");
    CHECK_FALSE(reply.refusal().why().zh().empty());
    ::close(socket);
}

TEST_CASE("what takes long holds up nothing else") {
    Rig rig;
    const int socket = rig.connect();
    control::ToNode hello;
    hello.set_id(1);
    hello.mutable_hello()->set_protocol(control::protocol_version);
    control::ToNode slow;
    slow.set_id(2);
    slow.mutable_check_sandbox();
    control::ToNode quick;
    quick.set_id(3);
    quick.mutable_read_log()->set_contains("pause");
    const std::string frames =
        control::frame_of(hello) + control::frame_of(slow) + control::frame_of(quick);
    REQUIRE(::send(socket, frames.data(), frames.size(), 0) == static_cast<ssize_t>(frames.size()));
    control::FrameReader reader;
    std::array<char, 4096> buffer;
    control::ToProgram reply;
    while (reply.id() != 3) {
        const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
        REQUIRE(size > 0);
        reader.append({buffer.data(), static_cast<std::size_t>(size)});
        while (reader.next(reply).value()) CHECK(reply.id() != 2);
    }
    ::close(socket);
}

TEST_CASE("garbage costs its sender the connection, and nobody else") {
    Rig rig;
    auto good = rig.client();
    REQUIRE(good.has_value());
    for (const std::string& bytes :
         {std::string("\xff\xff\xff\xff"), std::string("\0\0\0\2\xff\xff", 6),
          std::string("GET / HTTP/1.1\r\n\r\n")}) {
        const int socket = rig.connect();
        REQUIRE(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0);
        char byte = 0;
        CHECK(::recv(socket, &byte, 1, 0) == 0);
        ::close(socket);
    }
    control::ToNode pause;
    pause.mutable_pause();
    CHECK(good.value().ask(std::move(pause)).has_value());
}

TEST_CASE("beyond the most programs one more is let go, and others can come when one leaves") {
    Rig rig(1);
    {
        auto first = rig.client();
        REQUIRE(first.has_value());
        CHECK(rig.client().has_error());
    }
    for (int attempt = 0; attempt < 1'000; ++attempt) {
        if (rig.client().has_value()) return;  // the server has noticed that the first left
        std::this_thread::yield();
    }
    FAIL("nobody was let in any more");
}

TEST_CASE("a dead node's socket is replaced, a living one's is not") {
    Rig rig;
    asio::io_context other;
    EchoingHandler handler;
    const auto second = ControlServer::open(rig.options, handler, other.get_executor());
    REQUIRE(second.has_error());
    CHECK(second.error().code() == ErrorCode::already_exists);
    ControlServerOptions stale = rig.options;
    stale.path = rig.folder / "stale.sock";
    { std::ofstream(stale.path) << "left behind"; }
    const auto third = ControlServer::open(stale, handler, other.get_executor());
    CHECK(third.has_value());
}

TEST_CASE("the kernel tells who connects, and only some may control") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    const auto peer = peer_credentials(ends[0]);
    REQUIRE(peer.has_value());
    CHECK(peer.value().user == ::geteuid());
    CHECK(peer.value().process == ::getpid());
    ::close(ends[0]);
    ::close(ends[1]);

    constexpr gid_t gleaner_group = 70;
    CHECK(may_control({.user = 0, .process = 1, .groups = {}}, 500, gleaner_group));
    CHECK(may_control({.user = 500, .process = 1, .groups = {}}, 500, gleaner_group));
    CHECK(may_control({.user = 501, .process = 1, .groups = {100, 70}}, 500, gleaner_group));
    CHECK_FALSE(may_control({.user = 501, .process = 1, .groups = {100}}, 500, gleaner_group));
    const auto no_such_group = static_cast<gid_t>(-1);
    CHECK_FALSE(
        may_control({.user = 501, .process = 1, .groups = {no_such_group}}, 500, no_such_group));
}
