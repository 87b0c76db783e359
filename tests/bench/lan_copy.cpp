/// A model copied from a neighbour, beside plain TLS. The node's real cache, source and server over
/// mutually authenticated TLS on the loopback, with verification and writing to disk; a few lines
/// stand for the coordinator, which always names the neighbour. The bare baseline is OpenSSL alone
/// with the same certificates and cipher. Each side has a thread of its own in both cases.
/// Usage: lan_copy [MIB] [PAIRS]. The last line is one JSON object.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <openssl/ssl.h>

#include "client-core/cache/artefact_cache.h"
#include "client-core/runtime/peer_server.h"
#include "client-core/runtime/peer_source.h"
#include "shared/artefact/sha256.h"
#include "shared/tls/authority.h"
#include "shared/tls/contexts.h"
#include "shared/tls/tls_stream.h"
#include "shared/util/check.h"
#include "shared/util/log.h"
#include "shared/util/random.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace gleaner;
namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Context = std::shared_ptr<asio::ssl::context>;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_bytes = 1u << 20;
const SiteId site{"site_bench"};
const NodeId serving{"node_serving"};

template <class T>
Context shared(Result<T> context) {
    return std::make_shared<asio::ssl::context>(std::move(context).value());
}

struct Identity {
    Identity(const tls::Authority& authority, const NodeId& node) {
        const auto request = key.signing_request("bench").value();
        certificate = authority.issue_node(request, node, site, 24h).value().pem;
        const auto& trusted = authority.certificate_pem();
        as_server = shared(tls::gateway_server_context(certificate, key, trusted));
        to_neighbours = shared(tls::neighbour_client_context(trusted, certificate, key));
        to_gateway = shared(tls::node_client_context(trusted, certificate, key));
    }
    tls::KeyPair key = tls::KeyPair::generate().value();
    std::string certificate;
    Context as_server;
    Context to_neighbours;
    Context to_gateway;
};

/// Gives the chunk list, and never a chunk.
class ListOnly final : public ArtefactSource {
public:
    explicit ListOnly(ChunkList list) : list_(std::move(list)) {}
    asio::awaitable<Result<ChunkList>> chunk_list(Sha256) override { co_return list_; }
    asio::awaitable<Result<std::string>> read(Sha256, std::uint64_t, std::uint64_t) override {
        co_return Error(ErrorCode::internal, "the coordinator was asked for a chunk");
    }

private:
    ChunkList list_;
};

/// Answers every question with the one neighbour.
asio::awaitable<void> coordinate(tcp::socket socket, Context context, std::string answer) {
    tls::TlsStream stream(tls::TlsStream::Socket(std::move(socket)), *context, tls::Side::server);
    const auto [refused] = co_await stream.async_handshake(quietly);
    boost::beast::flat_buffer buffer;
    while (!refused) {
        http::request<http::string_body> question;
        const auto [unread, n] = co_await http::async_read(stream, buffer, question, quietly);
        if (unread) break;
        http::response<http::string_body> reply(http::status::ok, 11, answer);
        reply.prepare_payload();
        const auto [unsent, m] = co_await http::async_write(stream, reply, quietly);
        if (unsent) break;
    }
    stream.close();
}

asio::awaitable<void> accept_for(tcp::acceptor& acceptor, Context context, std::string answer) {
    while (true) {
        auto [error, socket] = co_await acceptor.async_accept(quietly);
        if (error) co_return;
        asio::co_spawn(acceptor.get_executor(), coordinate(std::move(socket), context, answer),
                       asio::use_future);
    }
}

/// An io_context with a thread.
struct Loop {
    ~Loop() {
        io.stop();
        thread.join();
    }
    /// Runs `job` on the thread, and returns when it has run.
    void on(const std::function<void()>& job) {
        std::promise<void> done;
        asio::post(io, [&] {
            job();
            done.set_value();
        });
        done.get_future().get();
    }
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
    std::thread thread{[this] { io.run(); }};
};

using Fetched = std::optional<Result<fs::path>>;

asio::awaitable<Fetched> fetch(ArtefactCache& cache, WantedArtefact wanted) {
    auto fetching = cache.model(std::move(wanted), {});
    co_return Fetched(co_await std::move(fetching));
}

/// Waits until the model is there; the cache lives in `loop`.
void fetch_model(Loop& loop, ArtefactCache& cache, const ChunkList& list) {
    const WantedArtefact wanted{list.whole, list.size_bytes};
    const auto path = asio::co_spawn(loop.io, fetch(cache, wanted), asio::use_future).get();
    if (path->has_error()) std::fprintf(stderr, "%s\n", path->error().message().c_str());
    GLEANER_CHECK(path->has_value(), "the node has the model");
}

/// The node that has the model.
class Server {
public:
    Server(const fs::path& folder, const ChunkList& list, const tls::Authority& authority)
        : identity_(authority, serving), nothing_(list) {
        meter_.emplace(folder / "traffic", clock_);
        cache_.emplace(ArtefactCacheOptions{.folder = folder / "cache", .keep_free_bytes = 0},
                       nothing_, clock_, loop_.io.get_executor());
        GLEANER_CHECK(cache_->open().has_value(), "the serving cache");
        server_.emplace(
            *cache_, *meter_, [](NodeId) -> asio::awaitable<bool> { co_return true; },
            loop_.io.get_executor());
        GLEANER_CHECK(server_->open().has_value(), "a port for the neighbour");
        server_->set_identity(identity_.as_server, site);
        fetch_model(loop_, *cache_, list);
        loop_.on([&] { (void)tasks_.spawn(server_->run()); });

        wire::WhereAnswer answer;
        answer.set_from(wire::WhereAnswer::NEIGHBOUR);
        answer.set_neighbour(serving.get());
        answer.set_host("127.0.0.1");
        answer.set_port(server_->port());
        answer.set_ask_again_ms(600'000);
        const auto key = tls::KeyPair::generate().value();
        const std::vector<std::string> names{"127.0.0.1"};
        const auto certificate = authority.issue_server(key, names, 24h).value();
        const auto context =
            shared(tls::gateway_server_context(certificate.pem, key, authority.certificate_pem()));
        asio::co_spawn(loop_.io, accept_for(acceptor_, context, answer.SerializeAsString()),
                       asio::use_future);
    }
    ~Server() {
        loop_.on([&] {
            acceptor_.close();
            tasks_.cancel(asio::cancellation_type::terminal);
        });
        for (bool ended = false; !ended;) loop_.on([&] { ended = tasks_.size() == 0; });
    }

    [[nodiscard]] GatewayAddress coordinator() const {
        return {"127.0.0.1", acceptor_.local_endpoint().port()};
    }

private:
    SystemClock clock_;
    Identity identity_;
    ListOnly nothing_;
    Loop loop_;
    TaskGroup tasks_{loop_.io.get_executor()};
    std::optional<TrafficMeter> meter_;
    std::optional<ArtefactCache> cache_;
    std::optional<PeerServer> server_;
    tcp::acceptor acceptor_{loop_.io, {asio::ip::make_address("127.0.0.1"), 0}};
};

/// Seconds that a fresh node takes to have the model.
double copy(const fs::path& folder, const ChunkList& list, const Identity& identity,
            const GatewayAddress& coordinator) {
    const SystemClock clock;
    Loop loop;
    ListOnly origin(list);
    TrafficMeter meter(folder / "traffic", clock);
    PeerSource source(coordinator, origin, meter, clock, loop.io.get_executor());
    ArtefactCache cache({.folder = folder / "cache", .keep_free_bytes = 0}, source, clock,
                        loop.io.get_executor());
    GLEANER_CHECK(cache.open().has_value(), "the fetching cache");
    loop.on([&] { source.set_identity({identity.to_gateway, identity.to_neighbours, site}); });
    const Time before = clock.now();
    fetch_model(loop, cache, list);
    const Duration took = clock.now() - before;
    loop.on([&] { source.close_idle(); });
    return static_cast<double>(took.count()) / 1e6;
}

void send_plain(tcp::acceptor& acceptor, const Context& context, const fs::path& file) {
    auto socket = acceptor.accept();
    SSL* ssl = SSL_new(context->native_handle());
    SSL_set_fd(ssl, socket.native_handle());
    GLEANER_CHECK(SSL_accept(ssl) == 1, "a plain handshake");
    const int in = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    std::vector<char> piece(piece_bytes);
    ssize_t n = 0;
    while ((n = ::read(in, piece.data(), piece.size())) > 0) {
        for (std::size_t sent = 0; sent < static_cast<std::size_t>(n);) {
            std::size_t count = 0;
            const auto left = static_cast<std::size_t>(n) - sent;
            GLEANER_CHECK(SSL_write_ex(ssl, piece.data() + sent, left, &count) == 1, "a write");
            sent += count;
        }
    }
    ::close(in);
    SSL_shutdown(ssl);
    SSL_free(ssl);
}

/// Seconds that OpenSSL takes for the same file, from connect to the last byte written.
double plain(const fs::path& from, const fs::path& to, std::uint64_t size, const Context& server,
             const Context& client) {
    asio::io_context io;
    tcp::acceptor acceptor(io, {asio::ip::make_address("127.0.0.1"), 0});
    std::thread sender([&] { send_plain(acceptor, server, from); });
    const SystemClock clock;
    const Time before = clock.now();
    tcp::socket socket(io);
    socket.connect(acceptor.local_endpoint());
    SSL* ssl = SSL_new(client->native_handle());
    SSL_set_fd(ssl, socket.native_handle());
    SSL_set_read_ahead(ssl, 1);
    GLEANER_CHECK(SSL_connect(ssl) == 1, "a plain handshake");
    const int out = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    std::vector<char> piece(piece_bytes);
    std::uint64_t received = 0;
    std::size_t filled = 0;
    const auto write_out = [&] {
        GLEANER_CHECK(::write(out, piece.data(), filled) == static_cast<ssize_t>(filled), "disk");
        filled = 0;
    };
    while (received < size) {
        std::size_t count = 0;
        GLEANER_CHECK(SSL_read_ex(ssl, piece.data() + filled, piece.size() - filled, &count) == 1,
                      "a read");
        received += count;
        filled += count;
        if (filled == piece.size()) write_out();
    }
    write_out();
    ::close(out);
    const Duration took = clock.now() - before;
    SSL_free(ssl);
    socket.close();
    sender.join();
    return static_cast<double>(took.count()) / 1e6;
}

Sha256 write_model(const fs::path& cache, std::uint64_t size) {
    fs::create_directories(cache / "models");
    const fs::path draft = cache / "models" / "draft";
    Random random(7);
    std::vector<std::uint64_t> piece(piece_bytes / sizeof(std::uint64_t));
    std::ofstream out(draft, std::ios::binary);
    for (std::uint64_t written = 0; written < size; written += piece_bytes) {
        for (auto& word : piece) word = random.next();
        out.write(
            reinterpret_cast<const char*>(piece.data()),
            static_cast<std::streamsize>(std::min<std::uint64_t>(piece_bytes, size - written)));
    }
    out.close();
    const auto sha256 = hash_file(draft.string()).value();
    fs::rename(draft, cache / "models" / sha256.get());
    return sha256;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t size = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1024) << 20;
    const int pairs = argc > 2 ? std::atoi(argv[2]) : 5;
    spdlog::set_level(spdlog::level::warn);
    const testing::TemporaryFolder folder;
    const SystemClock clock;
    const auto authority = tls::Authority::create("bench", clock).value();
    const fs::path has = folder.path() / "has";
    const Sha256 model = write_model(has / "cache", size);
    const fs::path file = has / "cache" / "models" / model.get();
    const ChunkList list = hash_chunks(file.string()).value();
    Server server(has, list, authority);
    const Identity fetching(authority, NodeId{"node_fetching"});

    std::vector<double> to_disk;
    std::vector<double> to_nothing;
    std::vector<double> speed;
    for (int pair = 0; pair < pairs; ++pair) {
        const fs::path to = folder.path() / "wants";
        fs::create_directories(to);
        double copied = 0;
        double bare = 0;
        // Turned about, so that a machine that slows down favours neither.
        for (int step = 0; step < 2; ++step) {
            if ((step + pair) % 2 == 0) {
                copied = copy(to, list, fetching, server.coordinator());
                fs::remove_all(to / "cache");
            } else {
                bare = plain(file, to / "plain", size, fetching.as_server, fetching.to_neighbours);
                fs::remove(to / "plain");
            }
        }
        const double sunk =
            plain(file, "/dev/null", size, fetching.as_server, fetching.to_neighbours);
        std::printf("pair %d: neighbour %.2f s, TLS to disk %.2f s, TLS to nothing %.2f s\n", pair,
                    copied, bare, sunk);
        std::fflush(stdout);
        to_disk.push_back(bare / copied);
        to_nothing.push_back(sunk / copied);
        speed.push_back(static_cast<double>(size) / copied / 1e6);
    }
    const boost::json::object figures{{"bench", "lan_copy"},
                                      {"bytes", size},
                                      {"pairs", pairs},
                                      {"cores", std::thread::hardware_concurrency()},
                                      {"megabytes_per_s", median(speed)},
                                      {"ratio_to_tls_to_disk", median(to_disk)},
                                      {"ratio_to_tls_to_nothing", median(to_nothing)}};
    std::printf("%s\n", boost::json::serialize(figures).c_str());
    return 0;
}
