// Many nodes in one process, over real TLS against a real coordinator, for tests/bench/fleet.mjs,
// dispatch.mjs and streams.mjs. A node joins, beats, loads at once what it is told to load, answers
// every item at once with the same reply, and streams numbered words steadily. No engine runs.
//
//     bench_simulated_nodes PORT TOKEN COUNT
//
// Prints a JSON line when all have enrolled, joined, left and, after SIGUSR1, rejoined.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "shared/artefact/sha256.h"
#include "shared/async/deadline.h"
#include "shared/async/task_group.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/contexts.h"
#include "shared/tls/tls_stream.h"
#include "shared/util/clock.h"

namespace {

using namespace gleaner;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr int connects_at_once = 256;
// A streamed answer: one word every `word_pace`, as a mid-sized model on a mid-range card.
constexpr std::uint32_t words_of_a_stream = 60;
constexpr Duration word_pace = 250ms;

const std::string reply =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"42"},"finish_reason":"stop"}],"usage":)"
    R"({"prompt_tokens":12,"completion_tokens":2,"total_tokens":14}})";

std::string chunk(std::uint32_t word, bool last) {
    const auto delta =
        last ? std::string("{}") : R"({"content":"w)" + std::to_string(word) + R"( "})";
    return R"({"choices":[{"index":0,"delta":)" + delta + R"(,"finish_reason":)" +
           (last ? R"("stop")" : "null") +
           R"(}],"created":1,"id":"chatcmpl-1","model":"m","object":"chat.completion.chunk"})";
}

struct Setup {
    std::uint16_t port = 0;
    std::string secret;
    std::string authority_pin;
};

void report(const char* event, std::size_t nodes, Time since) {
    const auto took = SystemClock().now() - since;
    std::printf("{\"event\":\"%s\",\"nodes\":%zu,\"seconds\":%.3f}\n", event, nodes,
                static_cast<double>(took.count()) / 1e6);
    std::fflush(stdout);
}

class Node {
public:
    Node(const Setup& setup, std::uint64_t number, const asio::any_io_executor& executor)
        : setup_(setup), number_(number), executor_(executor), tasks_(executor, ignore) {}

    asio::awaitable<bool> enrol();
    /// Joins; false when anything fails. The session then goes on by itself.
    asio::awaitable<bool> join();
    asio::awaitable<void> leave();
    void beat();
    [[nodiscard]] bool enrolled() const { return context_ != nullptr; }
    [[nodiscard]] bool connected() const { return connected_; }

private:
    static void ignore(const std::exception_ptr&) {}
    asio::awaitable<std::unique_ptr<tls::TlsStream>> connect(asio::ssl::context& context);
    asio::awaitable<void> read_on();
    asio::awaitable<void> drain();
    void take(const wire::ToNode& message);
    asio::awaitable<void> stream(std::uint64_t id);
    void send(const wire::ToCoordinator& message);
    wire::ToCoordinator hello() const;

    const Setup& setup_;
    std::uint64_t number_;
    asio::any_io_executor executor_;
    TaskGroup tasks_;
    std::unique_ptr<asio::ssl::context> context_;
    std::unique_ptr<tls::TlsStream> stream_;
    std::unique_ptr<websocket::stream<tls::TlsStream&, false>> socket_;
    beast::flat_buffer buffer_;
    std::vector<std::string> queue_;
    bool draining_ = false;
    bool connected_ = false;
};

asio::awaitable<std::unique_ptr<tls::TlsStream>> Node::connect(asio::ssl::context& context) {
    tcp::socket socket(executor_);
    const tcp::endpoint endpoint(asio::ip::make_address("127.0.0.1"), setup_.port);
    const auto [refused] = co_await socket.async_connect(endpoint, quietly);
    if (refused) co_return nullptr;
    auto stream = std::make_unique<tls::TlsStream>(tls::TlsStream::Socket(std::move(socket)),
                                                   context, tls::Side::client);
    const auto [failed] = co_await stream->async_handshake(quietly);
    if (failed) co_return nullptr;
    co_return stream;
}

asio::awaitable<bool> Node::enrol() {
    const auto key = tls::KeyPair::generate().value();
    auto joining = tls::joining_node_context(setup_.authority_pin).value();
    wire::EnrolRequest message;
    message.set_protocol(wire::protocol_version);
    message.set_token(setup_.secret);
    message.set_csr_pem(key.signing_request("node").value());
    message.set_hardware_fingerprint(
        hash_bytes(std::string_view("simulated " + std::to_string(number_))).get());
    message.set_hostname("simulated-" + std::to_string(number_));
    message.set_os("linux");
    message.set_arch("x86_64");
    const auto stream = co_await connect(joining);
    if (!stream) co_return false;
    http::request<http::string_body> request(http::verb::post, "/node/v1/enrol", 11,
                                             message.SerializeAsString());
    request.set(http::field::host, "localhost");
    request.prepare_payload();
    const auto [unsent, written] = co_await http::async_write(*stream, request, quietly);
    if (unsent) co_return false;
    beast::flat_buffer buffer;
    http::response<http::string_body> response;
    const auto [unread, n] = co_await http::async_read(*stream, buffer, response, quietly);
    wire::EnrolResponse granted;
    if (unread || response.result_int() != 200 ||
        wire::decode(response.body(), granted).has_error()) {
        co_return false;
    }
    context_ = std::make_unique<asio::ssl::context>(
        tls::node_client_context(granted.authority_pem(), granted.certificate_pem(), key).value());
    stream->close();
    co_return true;
}

wire::ToCoordinator Node::hello() const {
    wire::ToCoordinator message;
    auto& body = *message.mutable_hello();
    body.set_protocol(wire::protocol_version);
    body.set_software_version("0.1.0");
    body.set_os("linux");
    body.set_arch("x86_64");
    auto& device = *body.add_devices();
    device.set_id("cpu");
    device.set_kind("cpu");
    device.set_name("simulated");
    device.set_memory_bytes(8ULL << 30);
    device.set_copy_gib_per_s(20);
    device.set_fp32_gflops(500);
    return message;
}

asio::awaitable<bool> Node::join() {
    if (!context_) co_return false;
    stream_ = co_await connect(*context_);
    if (!stream_) co_return false;
    socket_ = std::make_unique<websocket::stream<tls::TlsStream&, false>>(*stream_);
    websocket::stream_base::decorator subprotocol([](websocket::request_type& request) {
        request.set(http::field::sec_websocket_protocol, wire::subprotocol);
    });
    socket_->set_option(std::move(subprotocol));
    socket_->binary(true);
    socket_->auto_fragment(false);
    const auto [declined] =
        co_await socket_->async_handshake("localhost", "/node/v1/session", quietly);
    if (declined) co_return false;
    const auto first = hello().SerializeAsString();
    const auto [unsent, n] = co_await socket_->async_write(asio::buffer(first), quietly);
    if (unsent) co_return false;
    const auto [unread, size] = co_await socket_->async_read(buffer_, quietly);
    if (unread) co_return false;
    wire::ToNode welcome;
    const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), size);
    if (wire::decode(bytes, welcome).has_error() || !welcome.has_welcome()) co_return false;
    buffer_.consume(size);
    connected_ = true;
    (void)tasks_.spawn(read_on());
    co_return true;
}

asio::awaitable<void> Node::read_on() {
    while (true) {
        const auto [error, size] = co_await socket_->async_read(buffer_, quietly);
        if (error) break;
        wire::ToNode message;
        const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), size);
        if (wire::decode(bytes, message).has_value()) take(message);
        buffer_.consume(size);
    }
    connected_ = false;
}

void Node::take(const wire::ToNode& message) {
    if (message.has_load_model()) {
        const auto& sha256 = message.load_model().model().sha256();
        wire::ToCoordinator ready;
        auto& state = *ready.mutable_model_state();
        state.set_sha256(sha256);
        state.set_state(wire::ModelState::READY);
        state.set_device(message.load_model().device());
        state.set_slots(64);
        state.set_prompt_tokens_per_s(1e6);
        state.set_generated_tokens_per_s(1e6);
        send(ready);
        wire::ToCoordinator room;
        auto& window = *room.mutable_capacity()->add_windows();
        window.set_model_sha256(sha256);
        window.set_items(1'024);
        window.set_streams(64);
        room.mutable_capacity()->set_disk_free_bytes(1ULL << 38);
        send(room);
    } else if (message.has_lease()) {
        wire::ToCoordinator results;
        for (const auto& item : message.lease().items()) {
            auto& result = *results.mutable_results()->add_results();
            result.set_lease_id(message.lease().lease_id());
            result.set_index(item.index());
            result.set_body(reply);
            result.set_prompt_tokens(12);
            result.set_generated_tokens(2);
            result.set_device_micros(1'000);
            // One message an item, as a node's results come: the hard case for the coordinator.
            send(results);
            results.Clear();
        }
    } else if (message.has_stream_start()) {
        (void)tasks_.spawn(stream(message.stream_start().stream_id()));
    }
}

asio::awaitable<void> Node::stream(std::uint64_t id) {
    wire::ToCoordinator message;
    for (std::uint32_t word = 0; word <= words_of_a_stream && connected_; ++word) {
        auto& delta = *message.mutable_stream_delta();
        delta.set_stream_id(id);
        delta.set_data(chunk(word, word == words_of_a_stream));
        delta.set_generated_tokens(std::min(word + 1, words_of_a_stream));
        send(message);
        if (word < words_of_a_stream) co_await sleep_for(word_pace);
    }
    auto& end = *message.mutable_stream_end();
    end.set_stream_id(id);
    end.set_prompt_tokens(12);
    end.set_generated_tokens(words_of_a_stream);
    end.set_device_micros(1'000);
    send(message);
}

void Node::beat() {
    if (!connected_) return;
    wire::ToCoordinator message;
    message.mutable_heartbeat()->set_gpu_percent(7);
    send(message);
}

void Node::send(const wire::ToCoordinator& message) {
    queue_.push_back(message.SerializeAsString());
    if (!std::exchange(draining_, true)) (void)tasks_.spawn(drain());
}

asio::awaitable<void> Node::drain() {
    co_await asio::post(executor_, asio::use_awaitable);
    while (connected_ && !queue_.empty()) {
        const auto batch = std::exchange(queue_, {});
        stream_->cork();
        for (const auto& frame : batch) {
            (void)co_await socket_->async_write(asio::buffer(frame), quietly);
        }
        (void)co_await stream_->async_flush(quietly);
    }
    draining_ = false;
}

asio::awaitable<void> Node::leave() {
    if (stream_) stream_->close();
    co_await tasks_.join();
    queue_.clear();
    socket_.reset();
    stream_.reset();
}

class Fleet {
public:
    Fleet(Setup setup, std::size_t count, asio::io_context& io)
        : setup_(std::move(setup)), executor_(io.get_executor()) {
        for (std::size_t i = 0; i < count; ++i) {
            nodes_.push_back(std::make_unique<Node>(setup_, i, executor_));
        }
    }
    asio::awaitable<void> run();

private:
    enum class Step : std::uint8_t { enrol, join, leave };
    asio::awaitable<void> each(Step step, const char* event);
    asio::awaitable<void> work(Step step, std::size_t& next);
    asio::awaitable<void> beat_on();

    Setup setup_;
    asio::any_io_executor executor_;
    std::vector<std::unique_ptr<Node>> nodes_;
};

asio::awaitable<void> Fleet::work(Step step, std::size_t& next) {
    while (next < nodes_.size()) {
        auto& node = *nodes_[next++];
        if (step == Step::leave) {
            co_await node.leave();
            continue;
        }
        for (int attempt = 0; attempt < 10; ++attempt) {
            const bool done = step == Step::enrol ? co_await node.enrol() : co_await node.join();
            if (done) break;
            co_await node.leave();
            co_await sleep_for(200ms);
        }
    }
}

asio::awaitable<void> Fleet::each(Step step, const char* event) {
    const auto start = SystemClock().now();
    std::size_t next = 0;
    TaskGroup workers(executor_);
    for (int i = 0; i < connects_at_once; ++i) (void)workers.spawn(work(step, next));
    co_await workers.join();
    std::size_t done = 0;
    for (const auto& node : nodes_) {
        done += (step == Step::enrol ? node->enrolled() : node->connected()) ? 1 : 0;
    }
    report(event, done, start);
}

/// Each node beats every 15 s; the fleet's beats are spread evenly.
asio::awaitable<void> Fleet::beat_on() {
    constexpr std::size_t parts = 150;
    for (std::size_t part = 0;; part = (part + 1) % parts) {
        for (std::size_t i = part; i < nodes_.size(); i += parts) nodes_[i]->beat();
        co_await sleep_for(100ms);
    }
}

asio::awaitable<void> Fleet::run() {
    co_await each(Step::enrol, "enrolled");
    co_await each(Step::join, "joined");
    TaskGroup beats(executor_);
    (void)beats.spawn(beat_on());
    asio::signal_set signals(executor_, SIGUSR1, SIGTERM);
    while (true) {
        const auto [error, signal] = co_await signals.async_wait(quietly);
        co_await each(Step::leave, "left");
        if (error || signal == SIGTERM) break;
        co_await each(Step::join, "rejoined");
    }
    beats.cancel(asio::cancellation_type::terminal);
    co_await beats.join();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string token = argc == 4 ? argv[2] : "";
    const auto dot = token.find('.');
    if (dot == std::string::npos) {
        std::fprintf(stderr, "usage: %s PORT TOKEN COUNT\n", argv[0]);
        return 2;
    }
    Setup setup;
    setup.port = static_cast<std::uint16_t>(std::stoul(argv[1]));
    setup.secret = token.substr(0, dot);
    setup.authority_pin = token.substr(dot + 1, token.find('.', dot + 1) - dot - 1);
    asio::io_context io(1);
    Fleet fleet(std::move(setup), std::stoul(argv[3]), io);
    TaskGroup main_task(io.get_executor());
    (void)main_task.spawn(fleet.run());
    io.run();
    return 0;
}
