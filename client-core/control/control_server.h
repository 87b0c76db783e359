#pragma once
/// The node's local socket: the tray app, gleanerctl and a café's billing software talk to the node
/// over it (shared/proto/control.proto). Knows the protocol, the peers and their rights, not what
/// the requests mean.

#include <filesystem>
#include <list>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "shared/async/task_group.h"
#include "shared/util/result.h"

namespace gleaner {

namespace control {
class State;
class ToNode;
class ToProgram;
}  // namespace control

class ControlSession;

/// The node's side. Called on the server's executor.
class ControlHandler {
public:
    virtual ~ControlHandler() = default;
    /// Answers a request of somebody who may make it; all but Hello and Subscribe. Fills in the
    /// reply's body. Cancelled when the program hangs up.
    [[nodiscard]] virtual boost::asio::awaitable<void> answer(const control::ToNode& request,
                                                              control::ToProgram& reply) = 0;
    virtual void describe(control::State& state) const = 0;
};

struct ControlServerOptions {
    std::filesystem::path path;
    std::string version;            ///< the node's, for Welcome
    std::string group = "gleaner";  ///< whose members may control the node; may not exist
    std::size_t sessions_max = 32;
    std::size_t onlookers_max = 16;  ///< of these: programs that may only look
    Duration hello_within = 5s;
    Duration state_interval = 500ms;  ///< between two unasked States
    Duration look_interval = 500ms;   ///< after it the state is looked at, although none was told
    std::size_t unread_bytes_max = 4u << 20;  ///< who reads slower is cut off
};

/// Single-threaded. Must be stopped before its destruction.
class ControlServer {
public:
    /// Listens. A socket that a dead node left is replaced. Errors: already_exists when a node
    /// answers there, invalid_argument when the path is too long for a socket, io_failed.
    [[nodiscard]] static Result<std::unique_ptr<ControlServer>> open(
        ControlServerOptions options, ControlHandler& handler,
        const boost::asio::any_io_executor& executor);
    ~ControlServer();

    /// Serves until stop().
    void start();
    /// The state differs: whoever subscribed is told at once.
    void changed();
    /// Hangs up everywhere and removes the socket.
    [[nodiscard]] boost::asio::awaitable<void> stop();

private:
    ControlServer(ControlServerOptions options, ControlHandler& handler,
                  const boost::asio::any_io_executor& executor,
                  boost::asio::local::stream_protocol::acceptor acceptor);
    [[nodiscard]] boost::asio::awaitable<void> accept();
    [[nodiscard]] boost::asio::awaitable<void> serve(
        boost::asio::local::stream_protocol::socket socket);

    ControlServerOptions options_;
    ControlHandler& handler_;
    boost::asio::any_io_executor executor_;
    boost::asio::local::stream_protocol::acceptor acceptor_;
    gid_t group_;
    std::list<ControlSession*> sessions_;
    std::size_t onlookers_ = 0;
    TaskGroup tasks_;
};

/// Where the node in this folder listens: the system's own (/var/lib/gleaner-node) where others can
/// reach it, any other in its folder.
[[nodiscard]] std::filesystem::path default_control_socket(const std::filesystem::path& data_dir);

}  // namespace gleaner
