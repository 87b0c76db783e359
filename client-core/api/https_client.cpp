#include "client-core/api/https_client.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/url/parse.hpp>

#include "shared/tls/contexts.h"
#include "shared/tls/tls_failure.h"

namespace gleaner {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using Stream = beast::ssl_stream<beast::tcp_stream>;
using BoostError = boost::system::error_code;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

constexpr std::uint64_t reply_bytes_max = 64ull << 20;
constexpr std::size_t block_bytes = 256 << 10;

struct Address {
    std::string host;
    std::string port;
};

Result<Address> parse_address(const std::string& url) {
    const auto parsed = boost::urls::parse_uri(url);
    const auto wrong = [&](const std::string& why) {
        return Error(ErrorCode::invalid_argument, "the coordinator's address \"" + url + "\" " +
                                                      why + ": give it as https://HOST:PORT");
    };
    if (url.empty()) {
        return Error(ErrorCode::invalid_argument, "no coordinator named");
    }
    if (parsed.has_error()) return wrong("is not a URL");
    if (parsed->scheme() != "https") {
        return wrong("is not https, and keys are never sent over an open connection");
    }
    const std::string path(parsed->encoded_path().data(), parsed->encoded_path().size());
    if ((!path.empty() && path != "/") || parsed->has_query() || parsed->has_userinfo()) {
        return wrong("has more than host and port");
    }
    Address address;
    address.host = parsed->host_address();
    address.port = parsed->has_port() ? std::string(parsed->port()) : "443";
    if (address.host.empty()) return wrong("names no host");
    return address;
}

}  // namespace

struct HttpsClient::State {
    HttpsSettings settings;
    Address address;
    asio::io_context io;
    asio::ssl::context tls{asio::ssl::context::tls_client};

    [[nodiscard]] std::string server() const { return address.host + ":" + address.port; }
};

namespace {

/// One connection and its request. Every step starts an asynchronous operation and runs the
/// io_context until it ends, because only asynchronous operations obey tcp_stream's time limit.
class Exchange {
public:
    Exchange(asio::io_context& io, asio::ssl::context& tls, const Address& address,
             Duration patience)
        : io_(io), stream_(io, tls), address_(address), patience_(patience) {}

    Status connect() {
        GLEANER_TRY(tls::expect_host(stream_.native_handle(), address_.host));
        asio::ip::tcp::resolver resolver(io_);
        BoostError failed;
        const auto endpoints = resolver.resolve(address_.host, address_.port, failed);
        if (failed) return unreachable(failed.message());
        run(failed, [&](auto done) {
            beast::get_lowest_layer(stream_).async_connect(
                endpoints, [done](BoostError error, const auto&) { done(error); });
        });
        if (failed == beast::error::timeout) return too_slow("the connection");
        if (failed) return unreachable(failed.message());
        run(failed,
            [&](auto done) { stream_.async_handshake(asio::ssl::stream_base::client, done); });
        if (failed) return transport_error(failed, "the TLS handshake");
        return ok();
    }

    Status send(const HttpsRequest& request, const UploadProgress& progress) {
        File file(nullptr, &std::fclose);
        std::uint64_t file_bytes = 0;
        if (!request.file.empty()) {
            file.reset(std::fopen(request.file.c_str(), "rbe"));
            if (!file) return error_from_errno("cannot read " + request.file, errno);
            if (::fseeko(file.get(), 0, SEEK_END) != 0) {
                return error_from_errno("cannot read " + request.file, errno);
            }
            file_bytes = static_cast<std::uint64_t>(::ftello(file.get()));
            std::rewind(file.get());
        }
        GLEANER_TRY(send_header(request, file_bytes));
        GLEANER_TRY(send_bytes(request.body));
        if (file) {
            GLEANER_TRY(send_file(file.get(), request.file, file_bytes, progress));
        }
        return send_bytes(request.body_after_file);
    }

    Result<HttpsReply> receive(const ReplySink& sink) {
        http::response_parser<http::buffer_body> parser;
        parser.body_limit(sink ? ~std::uint64_t{0} : reply_bytes_max);
        BoostError failed;
        run(failed, [&](auto done) {
            http::async_read_header(stream_, buffer_, parser,
                                    [done](BoostError error, std::size_t) { done(error); });
        });
        if (failed) return transport_error(failed, "the reply");
        HttpsReply reply;
        reply.status = parser.get().result_int();
        reply.retry_after = std::string(parser.get()[http::field::retry_after]);
        const bool to_sink = sink && reply.status / 100 == 2;
        std::vector<char> block(block_bytes);
        while (!parser.is_done()) {
            parser.get().body().data = block.data();
            parser.get().body().size = block.size();
            run(failed, [&](auto done) {
                http::async_read_some(stream_, buffer_, parser,
                                      [done](BoostError error, std::size_t) { done(error); });
            });
            if (failed == http::error::need_buffer) failed = {};
            if (failed == http::error::body_limit) {
                return Error(ErrorCode::too_large, "the reply is larger than 64 MiB");
            }
            if (failed) return transport_error(failed, "the reply");
            const std::string_view bytes(block.data(), block.size() - parser.get().body().size);
            if (to_sink) {
                GLEANER_TRY(sink(bytes));
            } else if (reply.body.size() + bytes.size() <= reply_bytes_max) {
                reply.body += bytes;
            }
        }
        return reply;
    }

    [[nodiscard]] bool broke_while_sending() const { return broke_while_sending_; }

private:
    template <class Start>
    void run(BoostError& result, Start start) {
        beast::get_lowest_layer(stream_).expires_after(patience_);
        BoostError error = asio::error::would_block;
        start([&error](BoostError code) { error = code; });
        io_.restart();
        io_.run();
        result = error;
    }

    Status send_header(const HttpsRequest& request, std::uint64_t file_bytes) {
        http::request<http::empty_body> header;
        header.version(11);
        header.method_string(request.method);
        header.target(request.target);
        header.set(http::field::host, address_.host + ":" + address_.port);
        header.set(http::field::user_agent, "gleanerctl");
        header.set(http::field::connection, "close");
        for (const auto& [name, value] : request.headers) header.set(name, value);
        const std::uint64_t size =
            request.body.size() + file_bytes + request.body_after_file.size();
        if (size > 0 || (request.method != "GET" && request.method != "DELETE")) {
            header.content_length(size);
        }
        http::request_serializer<http::empty_body> serializer(header);
        BoostError failed;
        run(failed, [&](auto done) {
            http::async_write_header(stream_, serializer,
                                     [done](BoostError error, std::size_t) { done(error); });
        });
        return sent(failed);
    }

    Status send_bytes(std::string_view bytes) {
        if (bytes.empty()) return ok();
        BoostError failed;
        run(failed, [&](auto done) {
            asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()),
                              [done](BoostError error, std::size_t) { done(error); });
        });
        return sent(failed);
    }

    Status send_file(std::FILE* file, const std::string& path, std::uint64_t size,
                     const UploadProgress& progress) {
        std::vector<char> block(block_bytes);
        for (std::uint64_t at = 0; at < size;) {
            const std::size_t wanted =
                static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), size - at));
            const std::size_t count = std::fread(block.data(), 1, wanted, file);
            if (count == 0) {
                return Error(ErrorCode::io_failed,
                             path + " became shorter while it was sent: try again");
            }
            GLEANER_TRY(send_bytes(std::string_view(block.data(), count)));
            at += count;
            if (progress) progress(at, size);
        }
        return ok();
    }

    Status sent(BoostError failed) {
        if (!failed) return ok();
        broke_while_sending_ = failed != beast::error::timeout;
        return transport_error(failed, "sending the request");
    }

    [[nodiscard]] std::string server() const { return address_.host + ":" + address_.port; }
    [[nodiscard]] Error unreachable(const std::string& why) const {
        return {ErrorCode::unavailable, "cannot reach the coordinator at " + server() + ": " + why +
                                            "; is it running, and is the address right?"};
    }
    [[nodiscard]] Error too_slow(std::string_view what) const {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_).count();
        return {ErrorCode::timeout, server() + ": " + std::string(what) + " made no progress for " +
                                        std::to_string(seconds) + " s: try again"};
    }
    Error transport_error(BoostError failed, std::string_view what) {
        if (failed == beast::error::timeout) return too_slow(what);
        if (failed == http::error::end_of_stream || failed == http::error::partial_message) {
            return {ErrorCode::unavailable, server() + " closed the connection during " +
                                                std::string(what) + ": try again"};
        }
        return tls::tls_error(failed, stream_.native_handle()).within(server());
    }

    asio::io_context& io_;
    Stream stream_;
    const Address& address_;
    Duration patience_;
    beast::flat_buffer buffer_{block_bytes};
    bool broke_while_sending_ = false;
};

}  // namespace

HttpsClient::HttpsClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpsClient::~HttpsClient() = default;
HttpsClient::HttpsClient(HttpsClient&&) noexcept = default;

Result<HttpsClient> HttpsClient::open(const HttpsSettings& settings) {
    auto state = std::make_unique<State>();
    state->settings = settings;
    GLEANER_TRY(state->address, parse_address(settings.url));
    if (settings.ca_pem.empty()) {
        GLEANER_TRY(state->tls, tls::api_client_context(settings.ca_path));
    } else {
        GLEANER_TRY(state->tls, tls::api_client_context_trusting(settings.ca_pem));
    }
    return HttpsClient(std::move(state));
}

Result<HttpsReply> HttpsClient::send(const HttpsRequest& request, const UploadProgress& progress) {
    Exchange exchange(state_->io, state_->tls, state_->address, state_->settings.patience);
    GLEANER_TRY(exchange.connect());
    const Status sent = exchange.send(request, progress);
    if (!sent && !exchange.broke_while_sending()) return sent.error();
    // A server that refuses an upload answers and closes before everything was sent.
    auto reply = exchange.receive({});
    if (!reply && !sent) return sent.error();
    return reply;
}

Result<HttpsReply> HttpsClient::receive(const HttpsRequest& request, const ReplySink& sink) {
    Exchange exchange(state_->io, state_->tls, state_->address, state_->settings.patience);
    GLEANER_TRY(exchange.connect());
    GLEANER_TRY(exchange.send(request, {}));
    return exchange.receive(sink);
}

std::string percent_encode(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                                c == '~';
        if (unreserved) {
            encoded += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            encoded += '%';
            encoded += digits[byte >> 4];
            encoded += digits[byte & 15];
        }
    }
    return encoded;
}

}  // namespace gleaner
