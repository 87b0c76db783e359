#pragma once
/// One program at the local socket.

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "client-core/control/control_server.h"
#include "shared/async/notification.h"
#include "shared/async/task_group.h"
#include "shared/proto/control_frame.h"

namespace gleaner {

/// Single-threaded; lives in the coroutine that runs it.
class ControlSession {
public:
    ControlSession(boost::asio::local::stream_protocol::socket socket, bool may_control,
                   const ControlServerOptions& options, ControlHandler& handler);

    /// Returns when the program has hung up, broke the protocol, or the caller is cancelled.
    [[nodiscard]] boost::asio::awaitable<void> run();
    void changed();

private:
    [[nodiscard]] boost::asio::awaitable<void> read();
    [[nodiscard]] boost::asio::awaitable<void> write();
    [[nodiscard]] boost::asio::awaitable<void> tell_state();
    /// Takes the next message. Errors: unavailable (hung up), invalid_argument (not a message).
    [[nodiscard]] boost::asio::awaitable<Result<bool>> receive(control::ToNode& message);
    [[nodiscard]] bool welcome(const control::ToNode& message);
    [[nodiscard]] boost::asio::awaitable<void> obey(const control::ToNode& message);
    /// Beside whatever comes next: a pause waits for nothing that takes long.
    void obey_apart(control::ToNode message);
    [[nodiscard]] boost::asio::awaitable<void> obey_long(std::unique_ptr<control::ToNode> message);
    void send(const control::ToProgram& message);

    boost::asio::local::stream_protocol::socket socket_;
    bool may_control_;
    const ControlServerOptions& options_;
    ControlHandler& handler_;
    control::FrameReader reader_;
    std::string unsent_;
    bool subscribed_ = false;
    std::string last_state_;
    bool hanging_up_ = false;  ///< once all is sent
    Notification to_write_;
    Notification changed_;
    Notification ended_;
    TaskGroup tasks_;
};

}  // namespace gleaner
