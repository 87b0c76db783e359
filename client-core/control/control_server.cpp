#include "client-core/control/control_server.h"

#include <algorithm>
#include <cerrno>
#include <grp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "client-core/control/control_session.h"
#include "client-core/control/peer_credentials.h"
#include "shared/async/deadline.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::local::stream_protocol;

namespace {

constexpr Duration accept_again = 100ms;

gid_t group_named(const std::string& name) {
    const group* found = getgrnam(name.c_str());
    return found == nullptr ? static_cast<gid_t>(-1) : found->gr_gid;
}

/// Does somebody listen there?
bool answers(const fs::path& path, const asio::any_io_executor& executor) {
    stream_protocol::socket socket(executor);
    boost::system::error_code problem;
    socket.connect(stream_protocol::endpoint(path.string()), problem);
    return !problem;
}

void log_failure(const std::exception_ptr& exception) {
    spdlog::error("event=control_failed why=\"{}\"",
                  async_detail::error_from_exception(exception).message());
}

}  // namespace

fs::path default_control_socket(const fs::path& data_dir) {
    return data_dir == "/var/lib/gleaner-node" ? "/run/gleaner/control.sock"
                                               : data_dir / "control.sock";
}

Result<std::unique_ptr<ControlServer>> ControlServer::open(ControlServerOptions options,
                                                           ControlHandler& handler,
                                                           const asio::any_io_executor& executor) {
    const std::string path = options.path.string();
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return Error(ErrorCode::invalid_argument,
                     "control: the path " + path + " is too long for a socket (at most " +
                         std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes)");
    std::error_code made;
    fs::create_directories(options.path.parent_path(), made);
    if (answers(options.path, executor))
        return Error(ErrorCode::already_exists, "control: a node already listens on " + path);
    fs::remove(options.path, made);
    stream_protocol::acceptor acceptor(executor);
    boost::system::error_code problem;
    acceptor.open(stream_protocol(), problem);
    if (!problem) acceptor.bind(stream_protocol::endpoint(path), problem);
    if (!problem) acceptor.listen(asio::socket_base::max_listen_connections, problem);
    // Everybody may connect: what they may do is decided by who they are.
    if (!problem && ::chmod(path.c_str(), 0666) != 0)
        problem = {errno, boost::system::system_category()};
    if (problem) return error_from_errno("control: listening on " + path, problem.value());
    return std::unique_ptr<ControlServer>(
        new ControlServer(std::move(options), handler, executor, std::move(acceptor)));
}

ControlServer::ControlServer(ControlServerOptions options, ControlHandler& handler,
                             const asio::any_io_executor& executor,
                             stream_protocol::acceptor acceptor)
    : options_(std::move(options)),
      handler_(handler),
      executor_(executor),
      acceptor_(std::move(acceptor)),
      group_(group_named(options_.group)),
      tasks_(executor, log_failure, options_.sessions_max + 1) {}

ControlServer::~ControlServer() = default;

void ControlServer::start() {
    (void)tasks_.spawn(accept());
}

void ControlServer::changed() {
    for (ControlSession* session : sessions_) session->changed();
}

asio::awaitable<void> ControlServer::stop() {
    std::error_code ignored;
    fs::remove(options_.path, ignored);
    tasks_.cancel(asio::cancellation_type::terminal);
    co_await tasks_.join();
}

asio::awaitable<void> ControlServer::accept() {
    while (true) {
        auto [problem, socket] =
            co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
        if (problem) {
            // Out of descriptors, say; a cancelled accept ends at the sleep.
            co_await sleep_for(accept_again);
            continue;
        }
        if (!tasks_.spawn(serve(std::move(socket)))) {
            spdlog::warn("event=control_refused why=\"{} programs are connected already\"",
                         options_.sessions_max);
        }
    }
}

asio::awaitable<void> ControlServer::serve(stream_protocol::socket socket) {
    const auto peer = peer_credentials(socket.native_handle());
    if (peer.has_error()) {
        spdlog::warn("event=control_refused why=\"{}\"", peer.error().message());
        co_return;
    }
    const bool allowed = may_control(peer.value(), ::geteuid(), group_);
    // Whoever may pause the node finds a place whatever others on this machine do.
    if (!allowed && onlookers_ >= options_.onlookers_max) co_return;
    onlookers_ += allowed ? 0 : 1;
    ControlSession session(std::move(socket), allowed, options_, handler_);
    const auto place = sessions_.insert(sessions_.end(), &session);
    auto running = session.run();
    co_await std::move(running);
    sessions_.erase(place);
    onlookers_ -= allowed ? 0 : 1;
}

}  // namespace gleaner
