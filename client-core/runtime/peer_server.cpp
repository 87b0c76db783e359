#include "client-core/runtime/peer_server.h"

#include <charconv>
#include <fstream>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "shared/artefact/sha256.h"
#include "shared/async/deadline.h"
#include "shared/tls/contexts.h"
#include "shared/tls/peer_identity.h"
#include "shared/tls/tls_failure.h"
#include "shared/tls/tls_stream.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view prefix = "/peer/v1/models/";
constexpr std::size_t connections_max = 16;
constexpr Duration admit_limit = 10s;
constexpr Duration request_limit = 60s;
constexpr Duration answer_limit = 60s;

void log_failure(const std::exception_ptr& exception) {
    spdlog::warn("event=neighbour_failed why=\"{}\"",
                 async_detail::error_from_exception(exception).message());
}

}  // namespace

std::string chunk_target(const Sha256& sha256, std::uint64_t index) {
    return std::string(prefix) + sha256.get() + "/" + std::to_string(index);
}

Result<WantedChunk> parse_chunk_target(std::string_view target) {
    const Error unknown(ErrorCode::not_found, "neighbours serve chunks of models only");
    if (!target.starts_with(prefix)) return unknown;
    target.remove_prefix(prefix.size());
    const auto slash = target.find('/');
    if (slash == std::string_view::npos) return unknown;
    const auto sha256 = parse_sha256(target.substr(0, slash));
    if (!sha256) return unknown;
    WantedChunk chunk{sha256.value(), 0};
    const char* end = target.data() + target.size();
    const auto [at, error] = std::from_chars(target.data() + slash + 1, end, chunk.index);
    if (error != std::errc{} || at != end || chunk.index > (1u << 20)) return unknown;
    return chunk;
}

PeerServer::PeerServer(const ArtefactCache& cache, TrafficMeter& meter, Vouch vouch,
                       const asio::any_io_executor& executor)
    : cache_(&cache),
      meter_(&meter),
      vouch_(std::move(vouch)),
      disk_(executor),
      acceptor_(executor),
      connections_(executor, log_failure) {}

Status PeerServer::open() {
    boost::system::error_code error;
    tcp::endpoint endpoint(tcp::v6(), 0);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) {
        acceptor_.set_option(asio::ip::v6_only(false), error);
    } else {  // a machine without IPv6
        endpoint = tcp::endpoint(tcp::v4(), 0);
        acceptor_.open(endpoint.protocol(), error);
    }
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(static_cast<int>(connections_max), error);
    if (error) return Error(ErrorCode::io_failed, "cannot listen: " + error.message());
    return ok();
}

std::uint16_t PeerServer::port() const {
    boost::system::error_code error;
    return acceptor_.local_endpoint(error).port();
}

void PeerServer::set_identity(std::shared_ptr<asio::ssl::context> context, SiteId site) {
    context_ = std::move(context);
    site_ = std::move(site);
}

asio::awaitable<void> PeerServer::run() {
    co_await asio::this_coro::throw_if_cancelled(false);  // the connections end first
    while (true) {
        auto [error, socket] = co_await acceptor_.async_accept(quietly);
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) break;
        if (error) {  // out of descriptors or memory: the backlog waits
            asio::steady_timer pause(acceptor_.get_executor(), 1s);
            const auto [woken] = co_await pause.async_wait(quietly);
            if (woken) break;
            continue;
        }
        if (!context_ || connections_.size() >= connections_max) continue;
        (void)connections_.spawn(serve(std::move(socket)));
    }
    acceptor_.close();
    connections_.cancel(asio::cancellation_type::terminal);
    co_await connections_.join();
}

asio::awaitable<void> PeerServer::serve(tcp::socket socket) {
    const auto context = context_;
    // Else the end of each chunk waits for the other side's delayed acknowledgement.
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    tls::TlsStream stream(tls::TlsStream::Socket(std::move(socket)), *context, tls::Side::server);
    auto admitting = admit(stream);
    auto limited = with_deadline(std::move(admitting), admit_limit);
    const Status admitted = co_await std::move(limited);
    if (!admitted) {
        spdlog::info("event=neighbour_refused why=\"{}\"", admitted.error().message());
        stream.close();
        co_return;
    }
    boost::beast::flat_buffer buffer(8 << 10);
    while (true) {
        auto receiving = receive(stream, buffer);
        auto request_limited = with_deadline(std::move(receiving), request_limit);
        auto chunk = co_await std::move(request_limited);
        if (!chunk) break;
        auto answering = answer(stream, std::move(chunk).value());
        auto answer_limited = with_deadline(std::move(answering), answer_limit);
        const Status answered = co_await std::move(answer_limited);
        if (!answered) break;
    }
    stream.close();
}

asio::awaitable<Status> PeerServer::admit(tls::TlsStream& stream) {
    const auto [refused] = co_await stream.async_handshake(quietly);
    if (refused) co_return tls::tls_error(refused, stream.native_handle());
    if (tls::negotiated_protocol(stream.native_handle()) != tls::node_protocol) {
        co_return Error(ErrorCode::unsupported, "it does not speak gleaner/1");
    }
    GLEANER_CO_TRY(const auto peer, tls::peer_identity(stream.native_handle()));
    if (peer.site != site_) {
        co_return Error(ErrorCode::permission_denied, "it is a node of another site");
    }
    auto asking = vouch_(peer.node);
    const bool known = co_await std::move(asking);
    if (!known) {
        co_return Error(ErrorCode::permission_denied,
                        "the coordinator does not vouch for the node " + peer.node.get());
    }
    co_return ok();
}

asio::awaitable<Result<WantedChunk>> PeerServer::receive(tls::TlsStream& stream,
                                                         boost::beast::flat_buffer& buffer) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(4 << 10);
    const auto [error, count] = co_await http::async_read(stream, buffer, parser, quietly);
    if (error) co_return tls::tls_error(error, stream.native_handle());
    const auto target = parser.get().target();
    co_return parse_chunk_target({target.data(), target.size()});
}

asio::awaitable<Status> PeerServer::answer(tls::TlsStream& stream, WantedChunk chunk) {
    auto reading = read(std::move(chunk));
    auto bytes = co_await std::move(reading);
    http::response<http::string_body> reply(bytes ? http::status::ok : http::status::not_found, 11);
    if (bytes) {
        const Duration wait = meter_->up(bytes.value().size(), Line::lan);
        if (wait > Duration{0}) co_await sleep_for(wait);
        reply.body() = std::move(bytes).value();
    }
    reply.prepare_payload();
    const auto [error, count] = co_await http::async_write(stream, reply, quietly);
    if (error) co_return tls::tls_error(error, stream.native_handle());
    co_return ok();
}

asio::awaitable<Result<std::string>> PeerServer::read(WantedChunk chunk) {
    const auto model = cache_->shared_model(chunk.sha256);
    const std::uint64_t offset = chunk.index * chunk_size_bytes;
    const std::uint64_t length = model ? chunk_length(model->size_bytes, chunk.index) : 0;
    if (length == 0 || offset + length > model->bytes) {
        co_return Error(ErrorCode::not_found, "this chunk is not here");
    }
    std::function<Result<std::string>()> job = [path = model->path, offset,
                                                length]() -> Result<std::string> {
        std::ifstream file(path, std::ios::binary);
        std::string bytes(length, '\0');
        file.seekg(static_cast<std::streamoff>(offset));
        file.read(bytes.data(), static_cast<std::streamsize>(length));
        if (!file) return Error(ErrorCode::not_found, "this chunk is not here any more");
        return bytes;
    };
    auto reading = disk_.run(std::move(job));
    co_return co_await std::move(reading);
}

}  // namespace gleaner
