#include "client-core/runtime/gateway_http.h"

#include <cstring>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "client-core/runtime/gateway_refusal.h"
#include "shared/async/deadline.h"
#include "shared/tls/tls_failure.h"
#include "shared/tls/tls_stream.h"

namespace gleaner {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

http::request<http::string_body> to_http(GatewayRequest& request, const std::string& host) {
    http::request<http::string_body> message(request.posted ? http::verb::post : http::verb::get,
                                             request.target, 11);
    message.set(http::field::host, host);
    message.set(http::field::user_agent, "gleaner-node");
    if (request.posted) {
        message.set(http::field::content_type, "application/x-protobuf");
        message.body() = std::move(*request.posted);
    }
    if (request.range_bytes > 0) {
        message.set(http::field::range,
                    "bytes=" + std::to_string(request.range_begin) + "-" +
                        std::to_string(request.range_begin + request.range_bytes - 1));
    }
    message.prepare_payload();
    return message;
}

std::string local_address_of(tls::TlsStream& stream) {
    boost::system::error_code error;
    const auto generic = stream.socket().local_endpoint(error);
    asio::ip::tcp::endpoint endpoint;
    if (error || generic.size() > endpoint.capacity()) return {};
    std::memcpy(endpoint.data(), generic.data(), generic.size());
    endpoint.resize(generic.size());
    return endpoint.address().to_string();
}

}  // namespace

GatewayHttp::GatewayHttp(GatewayAddress address, asio::ssl::context& context, Duration limit,
                         Check check)
    : address_(std::move(address)), context_(&context), limit_(limit), check_(std::move(check)) {}

GatewayHttp::~GatewayHttp() {
    close();
}

void GatewayHttp::close() {
    if (stream_) stream_->close();
    stream_.reset();
}

void GatewayHttp::close_idle() {
    if (!busy_) close();
}

asio::awaitable<Result<std::string>> GatewayHttp::send(GatewayRequest request) {
    busy_ = true;
    const auto idle_again = [](bool* busy) { *busy = false; };
    const std::unique_ptr<bool, decltype(idle_again)> while_busy(&busy_, idle_again);
    // The gateway closes a connection that was idle for a while: that is no failure, try another.
    for (bool reused = stream_ != nullptr;; reused = false) {
        GatewayRequest attempt = request;
        auto exchanging = exchange_within_limit(std::move(attempt));
        auto body = co_await std::move(exchanging);
        if (!body && reused && body.error().code() == ErrorCode::unavailable) continue;
        co_return body;
    }
}

asio::awaitable<Result<std::string>> GatewayHttp::exchange_within_limit(GatewayRequest request) {
    auto exchanging = exchange(std::move(request));
    auto bounded = with_deadline(std::move(exchanging), limit_);
    auto body = co_await std::move(bounded);
    // A refusal leaves the connection in order, but refusals are rare: simplest is a new one.
    if (!body) close();
    co_return body;
}

asio::awaitable<Result<std::string>> GatewayHttp::exchange(GatewayRequest request) {
    if (!stream_) {
        auto dialling = dial(address_, *context_, limit_, limit_);
        GLEANER_CO_TRY(stream_, co_await std::move(dialling));
        if (check_) {
            GLEANER_CO_TRY(check_(*stream_));
        }
        local_address_ = local_address_of(*stream_);
    }
    const std::uint64_t range_bytes = request.range_bytes;
    const std::size_t bytes_max = request.reply_bytes_max;
    const auto message = to_http(request, address_.text());
    const auto [write_error, written] = co_await http::async_write(*stream_, message, quietly);
    if (write_error) co_return tls::tls_error(write_error, stream_->native_handle());

    boost::beast::flat_buffer buffer(64u << 10);
    buffer.reserve(buffer.max_size());  // Beast reads as much as fits: else 512 bytes at a time
    http::response_parser<http::string_body> parser;
    parser.body_limit(bytes_max);
    const auto [read_error, count] = co_await http::async_read(*stream_, buffer, parser, quietly);
    if (read_error == http::error::body_limit) {
        co_return Error(ErrorCode::too_large, "the coordinator's reply is too large");
    }
    static const auto& http_errors = make_error_code(http::error::end_of_stream).category();
    if (read_error && read_error.category() == http_errors) {
        const bool hung_up =
            read_error == http::error::end_of_stream || read_error == http::error::partial_message;
        co_return Error(hung_up ? ErrorCode::unavailable : ErrorCode::data_corrupt,
                        "the coordinator's reply is not whole HTTP: " + read_error.message());
    }
    if (read_error) co_return tls::tls_error(read_error, stream_->native_handle());
    const bool keep = parser.keep_alive();
    auto reply = parser.release();
    if (!keep) close();
    const unsigned status = reply.result_int();
    if (status < 200 || status > 299) co_return gateway_refusal(status, reply.body());
    if (range_bytes > 0 && reply.body().size() != range_bytes) {
        co_return Error(ErrorCode::unavailable, "the coordinator sent another range than asked");
    }
    co_return std::move(reply.body());
}

}  // namespace gleaner
