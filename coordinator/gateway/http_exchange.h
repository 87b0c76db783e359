#pragma once
/// One request and its reply over a node's connection. Internal to coordinator/gateway.

#include <cstdint>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "shared/tls/tls_stream.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::gateway {

using Request = boost::beast::http::request<boost::beast::http::string_body>;

inline constexpr const char* protobuf_type = "application/x-protobuf";

/// What a handler answers with; small bodies only.
struct Reply {
    explicit Reply(unsigned int status_code, std::string reply_body = {})
        : status(status_code), body(std::move(reply_body)) {}
    unsigned int status;
    std::string body;
    Duration retry_after{};  ///< zero: no such header
};

/// The error as a protobuf ErrorReply with the status that belongs to its code.
[[nodiscard]] Reply refusal(const Error& error);

[[nodiscard]] unsigned int http_status(ErrorCode code);

/// Writes the reply. Errors: unavailable (the connection broke).
[[nodiscard]] boost::asio::awaitable<Status> write_reply(tls::TlsStream& stream, Reply reply,
                                                         bool keep_alive);

/// The plain-text answer to somebody who speaks HTTP without TLS.
[[nodiscard]] const std::string& answer_to_plain_http();

}  // namespace gleaner::gateway
