#include "coordinator/gateway/http_exchange.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/write.hpp>

#include "shared/proto/wire.pb.h"
#include "shared/tls/tls_failure.h"

namespace gleaner::gateway {

namespace asio = boost::asio;
namespace http = boost::beast::http;

unsigned int http_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
            return 400;
        case ErrorCode::unauthenticated:
            return 401;
        case ErrorCode::permission_denied:
            return 403;
        case ErrorCode::not_found:
            return 404;
        case ErrorCode::already_exists:
        case ErrorCode::failed_precondition:
            return 409;
        case ErrorCode::too_large:
            return 413;
        case ErrorCode::unsupported:
            return 426;
        case ErrorCode::resource_exhausted:
            return 429;
        case ErrorCode::unavailable:
        case ErrorCode::cancelled:
            return 503;
        case ErrorCode::timeout:
            return 504;
        case ErrorCode::disk_full:
            return 507;
        case ErrorCode::data_corrupt:
        case ErrorCode::io_failed:
        case ErrorCode::internal:
            return 500;
    }
    return 500;
}

Reply refusal(const Error& error) {
    wire::ErrorReply message;
    message.set_code(std::string(to_string(error.code())));
    message.set_message(error.message());
    return Reply(http_status(error.code()), message.SerializeAsString());
}

asio::awaitable<Status> write_reply(tls::TlsStream& stream, Reply reply, bool keep_alive) {
    http::response<http::string_body> response(static_cast<http::status>(reply.status), 11);
    response.set(http::field::content_type, protobuf_type);
    if (reply.retry_after > Duration::zero()) {
        const auto seconds = (reply.retry_after + 999'999us) / 1s;
        response.set(http::field::retry_after, std::to_string(seconds));
    }
    response.keep_alive(keep_alive);
    response.body() = std::move(reply.body);
    response.prepare_payload();
    const auto [error, written] =
        co_await http::async_write(stream, response, asio::as_tuple(asio::use_awaitable));
    if (error) co_return tls::tls_error(error, stream.native_handle());
    co_return ok();
}

const std::string& answer_to_plain_http() {
    static const std::string body =
        "This port speaks TLS 1.3 to Gleaner nodes, not plain HTTP. "
        "Use https:// and gleaner-node.\n";
    static const std::string answer =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: "
        "close\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    return answer;
}

}  // namespace gleaner::gateway
