#pragma once
/// A real gateway with a real store and authority on its own thread, and a client that shares no
/// code with it but the schema: Boost's TLS stream, synchronous.

#include <chrono>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <doctest/doctest.h>

#include "coordinator/gateway/blob_artefacts.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/node_events.h"
#include "coordinator/gateway/store_directory.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/artefact/sha256.h"
#include "shared/proto/wire.pb.h"
#include "shared/tls/authority.h"
#include "shared/tls/contexts.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

namespace gleaner::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

inline const std::string token = "gt_rightrightright";

/// Waits for what another thread brings about; false after ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 2'000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

/// Stands for the grid: notes what happens, and welcomes.
class RecordedEvents final : public gateway::NodeEvents {
public:
    void joined(const store::Node& node, const wire::Hello&, runtime::NodeLink& link,
                std::uint32_t renew_after_s) override {
        {
            const std::lock_guard lock(mutex_);
            joined_.push_back(node.id);
            link_ = &link;
        }
        wire::ToNode message;
        message.mutable_welcome()->set_node_id(node.id.get());
        message.mutable_welcome()->set_heartbeat_interval_ms(1'000);
        message.mutable_welcome()->set_certificate_renew_after_s(renew_after_s);
        link.send(message);
    }
    void said(const NodeId&, wire::ToCoordinator&& message) override {
        const std::lock_guard lock(mutex_);
        said_.push_back(std::move(message));
    }
    void left(const NodeId&, const runtime::NodeLink&, core::LeaveCause cause) override {
        const std::lock_guard lock(mutex_);
        left_.push_back(cause);
    }

    [[nodiscard]] std::size_t joins() const { return locked(joined_).size(); }
    [[nodiscard]] std::vector<wire::ToCoordinator> heard() const { return locked(said_); }
    [[nodiscard]] std::vector<core::LeaveCause> leaves() const { return locked(left_); }
    /// Of the last one to join; for calls on the network thread.
    [[nodiscard]] runtime::NodeLink& link() const { return *locked(link_); }

private:
    template <class T>
    T locked(const T& value) const {
        const std::lock_guard lock(mutex_);
        return value;
    }
    mutable std::mutex mutex_;
    std::vector<NodeId> joined_;
    std::vector<wire::ToCoordinator> said_;
    std::vector<core::LeaveCause> left_;
    runtime::NodeLink* link_ = nullptr;
};

class GatewayWorld {
public:
    using Tweak = std::function<void(gateway::GatewayOptions&)>;

    explicit GatewayWorld(const Tweak& tweak = {}) {
        {
            auto opened =
                store::Store::open(database_path(), store::Store::Mode::read_write, clock);
            auto people = StoreWorld::fill(*opened.value(), clock, Money{});
            site = people.site.id;
            REQUIRE(opened.value()
                        ->add_token(site, hash_bytes(std::string_view(token)).get(), -1,
                                    clock.wall() + 24h)
                        .has_value());
        }
        executor = store::StoreExecutor::start(database_path(), clock, io.get_executor()).value();
        directory = std::make_unique<gateway::StoreDirectory>(*executor, authority, 24h);
        blobs.emplace(store::Blobs::open(folder.path()).value());
        artefacts = std::make_unique<gateway::BlobArtefacts>(*blobs, pool.get_executor());
        auto options = default_options();
        if (tweak) tweak(options);
        door = open(options).value();
        door->start();
        network = std::thread([this] { io.run(); });
    }

    ~GatewayWorld() {
        stop();
        work.reset();
        network.join();
    }

    [[nodiscard]] Result<std::unique_ptr<gateway::Gateway>> open(gateway::GatewayOptions options) {
        const auto key = tls::KeyPair::generate().value();
        const std::vector<std::string> names{"localhost"};
        const auto certificate = authority.issue_server(key, names, 24h).value();
        auto context =
            tls::gateway_server_context(certificate.pem, key, authority.certificate_pem());
        const gateway::GatewayNeeds needs{
            clock, events, *directory, *artefacts, io.get_executor(), pool.get_executor()};
        return gateway::Gateway::open(std::move(options), std::move(context).value(), needs);
    }

    [[nodiscard]] gateway::GatewayOptions default_options() const {
        gateway::GatewayOptions options;
        options.address = "127.0.0.1";
        options.port = 0;
        options.authority_pem = authority.certificate_pem();
        options.release_public_key = fake_sha256(5);
        options.certificate_validity = 24h;
        options.closing_limit = 1s;
        return options;
    }

    /// Says goodbye to all; once.
    void stop() {
        if (std::exchange(stopped, true)) return;
        asio::co_spawn(io, door->stop(), asio::use_future).get();
    }

    void on_network(std::function<void()> work_item) {
        std::promise<void> done;
        asio::post(io, [&] {
            work_item();
            done.set_value();
        });
        done.get_future().get();
    }

    [[nodiscard]] gateway::GatewayCounters counters() {
        gateway::GatewayCounters copy;
        on_network([&] { copy = door->counters(); });
        return copy;
    }

    [[nodiscard]] std::string database_path() const { return folder.path() / "gleaner.db"; }

    TemporaryFolder folder;
    SystemClock clock;
    tls::Authority authority = tls::Authority::create("test", clock).value();
    SiteId site;
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    asio::thread_pool pool{1};
    std::unique_ptr<store::StoreExecutor> executor;
    RecordedEvents events;
    std::unique_ptr<gateway::StoreDirectory> directory;
    std::optional<store::Blobs> blobs;
    std::unique_ptr<gateway::BlobArtefacts> artefacts;
    std::unique_ptr<gateway::Gateway> door;
    std::thread network;
    bool stopped = false;
};

using Response = http::response<http::string_body>;

/// What an operator or a node would read from a refusal.
inline std::string message_of(const Response& response) {
    wire::ErrorReply reply;
    return reply.ParseFromString(response.body()) ? reply.message() : "(unreadable)";
}

/// A machine: its key, and its certificate once it has one.
class Machine {
public:
    using Stream = asio::ssl::stream<tcp::socket>;
    using Socket = websocket::stream<Stream>;

    explicit Machine(GatewayWorld& world, std::uint64_t hardware = 1)
        : world_(world), hardware_(hardware) {}

    [[nodiscard]] std::unique_ptr<tcp::socket> dial() {
        auto socket = std::make_unique<tcp::socket>(io_);
        socket->connect({asio::ip::make_address("127.0.0.1"), world_.door->port()});
        return socket;
    }

    /// With the certificate if there is one. Throws when the handshake fails.
    [[nodiscard]] std::unique_ptr<Stream> connect() {
        auto context =
            certificate.empty()
                ? tls::joining_node_context(world_.authority.pin())
                : tls::node_client_context(world_.authority.certificate_pem(), certificate, key);
        contexts_.push_back(std::move(context).value());
        auto stream = std::make_unique<Stream>(std::move(*dial()), contexts_.back());
        stream->handshake(asio::ssl::stream_base::client);
        return stream;
    }

    Response request(Stream& stream, http::verb verb, const std::string& target,
                     std::string body = {}, const std::string& range = {}) {
        http::request<http::string_body> request(verb, target, 11, std::move(body));
        request.set(http::field::host, "localhost");
        if (!range.empty()) request.set(http::field::range, range);
        request.prepare_payload();
        http::write(stream, request);
        beast::flat_buffer buffer;
        http::response_parser<http::string_body> parser;
        parser.body_limit(64u << 20);
        http::read(stream, buffer, parser);
        return parser.release();
    }

    [[nodiscard]] wire::EnrolRequest enrolment(const std::string& secret = token) const {
        wire::EnrolRequest message;
        message.set_protocol(1);
        message.set_token(secret);
        message.set_csr_pem(key.signing_request("x").value());
        message.set_hardware_fingerprint(fake_sha256(hardware_));
        message.set_hostname("pc");
        return message;
    }

    Response enrol(const wire::EnrolRequest& message) {
        const auto with = std::exchange(certificate, "");  // enrolment is without a certificate
        auto stream = connect();
        certificate = with;
        return request(*stream, http::verb::post, "/node/v1/enrol", message.SerializeAsString());
    }

    wire::EnrolResponse enrol() {
        const auto response = enrol(enrolment());
        REQUIRE(response.result_int() == 200);
        wire::EnrolResponse granted;
        REQUIRE(granted.ParseFromString(response.body()));
        certificate = granted.certificate_pem();
        return granted;
    }

    /// Upgrades; the response to look at when that fails (throws handshake's error).
    [[nodiscard]] std::unique_ptr<Socket> upgrade(const std::string& subprotocol = "gleaner.v1") {
        auto socket = std::make_unique<Socket>(std::move(*connect()));
        socket->set_option(websocket::stream_base::decorator([=](websocket::request_type& r) {
            r.set(http::field::sec_websocket_protocol, subprotocol);
        }));
        socket->binary(true);
        socket->handshake(last_upgrade, "localhost", "/node/v1/session");
        return socket;
    }

    /// Upgrades, says Hello and takes the Welcome.
    [[nodiscard]] std::unique_ptr<Socket> join() {
        auto socket = upgrade();
        say(*socket, hello());
        const auto welcome = hear(*socket);
        REQUIRE(welcome.has_welcome());
        return socket;
    }

    static wire::ToCoordinator hello(std::uint32_t protocol = 1) {
        wire::ToCoordinator message;
        message.mutable_hello()->set_protocol(protocol);
        message.mutable_hello()->set_software_version("0.1.0");
        return message;
    }

    static void say(Socket& socket, const wire::ToCoordinator& message) {
        socket.write(asio::buffer(message.SerializeAsString()));
    }
    static wire::ToNode hear(Socket& socket) {
        beast::flat_buffer buffer;
        socket.read(buffer);
        wire::ToNode message;
        REQUIRE(message.ParseFromArray(buffer.data().data(), static_cast<int>(buffer.size())));
        return message;
    }
    /// Reads to the end; returns the last Goodbye's reason, and the close code in the socket.
    static std::string last_words(Socket& socket) {
        std::string reason;
        boost::system::error_code error;
        while (!error) {
            beast::flat_buffer buffer;
            socket.read(buffer, error);
            wire::ToNode message;
            if (!error &&
                message.ParseFromArray(buffer.data().data(), static_cast<int>(buffer.size())) &&
                message.has_goodbye()) {
                reason = message.goodbye().reason();
            }
        }
        return reason;
    }

    tls::KeyPair key = tls::KeyPair::generate().value();
    std::string certificate;
    websocket::response_type last_upgrade;

private:
    GatewayWorld& world_;
    std::uint64_t hardware_;
    asio::io_context io_;
    std::list<asio::ssl::context> contexts_;
};

}  // namespace gleaner::testing
