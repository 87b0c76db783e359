#pragma once
/// HTTP/1.1 to one llama-server over its Unix socket. Keeps connections open and reconnects quietly
/// when the server has closed one (it does after 100 requests or 5 idle seconds).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "shared/util/result.h"

namespace gleaner {

/// Single-threaded: all calls and resumptions are on the executor given. It must outlive its calls.
/// Cancelling a call (terminal, as with_deadline does) closes its connection, so that the engine
/// stops generating, and the call returns ErrorCode::cancelled. Errors of all calls: unavailable
/// (the engine cannot be reached or hung up), data_corrupt (not HTTP), too_large (a bound
/// exceeded). An HTTP status that is not 2xx is not an error here: see EngineReply::status.
class EngineClient {
public:
    struct Limits {
        std::size_t connections_max = 32;       ///< further calls wait for a free one
        std::size_t body_bytes_max = 64 << 20;  ///< of a reply that is not a stream
        std::size_t line_bytes_max = 1 << 20;   ///< of one line of a stream
    };

    /// Where the engine's answer came from; a class with constructors (house style 3.1).
    class Reply {
    public:
        Reply() = default;
        Reply(unsigned status, std::string body) : status_(status), body_(std::move(body)) {}
        [[nodiscard]] unsigned status() const { return status_; }
        [[nodiscard]] bool ok() const { return status_ >= 200 && status_ < 300; }
        [[nodiscard]] const std::string& body() const { return body_; }
        [[nodiscard]] std::string take_body() { return std::move(body_); }

    private:
        unsigned status_ = 0;
        std::string body_;
    };

    /// Called on the executor for each `data:` line of the stream, without the prefix; the view
    /// dies with the call. Returning false ends the stream: the connection is closed.
    using OnEvent = std::function<bool(std::string_view data)>;

    EngineClient(const boost::asio::any_io_executor& executor, std::filesystem::path socket_path,
                 Limits limits);
    EngineClient(const EngineClient&) = delete;
    EngineClient& operator=(const EngineClient&) = delete;
    ~EngineClient();

    [[nodiscard]] boost::asio::awaitable<Result<Reply>> get(std::string path);
    [[nodiscard]] boost::asio::awaitable<Result<Reply>> post(std::string path, std::string body);
    /// Returns when the stream ends (also when on_event asked for it): an empty body. If the engine
    /// answered with something else than an event stream (an error object), on_event is never
    /// called and the reply carries the body.
    [[nodiscard]] boost::asio::awaitable<Result<Reply>> post_stream(std::string path,
                                                                    std::string body,
                                                                    OnEvent on_event);

    [[nodiscard]] std::size_t open_connections() const;
    /// Closes idle connections.
    void close_idle();

private:
    struct State;
    std::unique_ptr<State> state_;
};

using EngineReply = EngineClient::Reply;

}  // namespace gleaner
