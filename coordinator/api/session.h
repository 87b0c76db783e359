#pragma once
/// One connection of the API's server. Internal to server.cpp and session.cpp.

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "coordinator/api/authenticator.h"
#include "coordinator/api/http.h"
#include "coordinator/api/router.h"
#include "coordinator/api/server.h"
#include "shared/async/notification.h"
#include "shared/tls/tls_stream.h"

namespace gleaner::api {

/// What all sessions share.
struct SessionContext {
    const ServerOptions& options;
    const Clock& clock;
    const Router& router;
    Authenticator& authenticator;
    std::function<void(const RequestRecord&)> on_request;
};

/// Lives in the coroutine that runs it. Reading goes on by a callback while a handler runs, so that
/// a client that hangs up is noticed at once.
class Session {
public:
    /// `overloaded`: answers one request with 503.
    Session(tls::TlsStream::Socket socket, boost::asio::ssl::context& tls,
            const SessionContext& context, bool overloaded);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Serves until the connection ends; nothing is outstanding when it returns.
    [[nodiscard]] boost::asio::awaitable<void> run();

    /// When the present step must be over; the server's sweep calls expire_unless_behind() then. A
    /// body that is late gets a reply; all else ends the connection.
    [[nodiscard]] Time deadline() const { return deadline_; }
    void expire_unless_behind();
    void expire() { stream_.close(); }
    /// Closes now when no request runs; else after it.
    void drain();

    // For the request and reply of session.cpp.
    class Parser;
    class SessionRequest;
    class SessionReply;
    [[nodiscard]] boost::asio::awaitable<Status> write(std::string bytes);

private:
    [[nodiscard]] boost::asio::awaitable<bool> speaks_tls();
    [[nodiscard]] boost::asio::awaitable<void> serve_requests();
    /// False when the connection is to end.
    [[nodiscard]] boost::asio::awaitable<bool> serve_one();
    [[nodiscard]] boost::asio::awaitable<ApiStatus> handle(SessionRequest& request,
                                                           SessionReply& reply);
    [[nodiscard]] boost::asio::awaitable<void> linger();
    void start_read();
    /// Waits for more input; false when there will be none.
    [[nodiscard]] boost::asio::awaitable<bool> more_input(Time deadline);
    enum class Arrival : std::uint8_t { more, ended, late };
    /// The same for a request's body. Late: the deadline has passed, and a reply can be sent.
    [[nodiscard]] boost::asio::awaitable<Arrival> more_body(Time deadline);
    void watch_client(std::function<void()> on_gone);

    const SessionContext& context_;
    tls::TlsStream stream_;
    bool overloaded_;
    bool secure_ = false;  ///< the handshake is over
    bool draining_ = false;
    bool in_request_ = false;
    Time deadline_;
    std::array<char, 8192> incoming_{};
    std::string input_;  ///< received and not yet parsed
    bool reading_ = false;
    bool input_ended_ = false;
    bool wants_body_ = false;
    bool body_late_ = false;
    std::function<void()> on_gone_;
    Notification arrived_;
};

}  // namespace gleaner::api
