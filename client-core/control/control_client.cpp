#include "client-core/control/control_client.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "shared/proto/control.pb.h"

namespace gleaner {

namespace {

constexpr Duration hello_within = 5s;

Error no_node(const std::filesystem::path& path) {
    return {ErrorCode::unavailable,
            "no node answers on " + path.string() +
                ": start it (systemctl start gleaner-node), or name its socket with --socket"};
}

/// Milliseconds for poll(), rounded up.
int poll_time(Time until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SystemClock().now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

}  // namespace

Result<ControlClient> ControlClient::open(const std::filesystem::path& path, std::string program) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string text = path.string();
    if (text.size() >= sizeof address.sun_path)
        return Error(ErrorCode::invalid_argument, "the path " + text + " is too long for a socket");
    std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return error_from_errno("opening a socket", errno);
    ControlClient client(socket);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return no_node(path);
    control::ToNode hello;
    hello.mutable_hello()->set_protocol(control::protocol_version);
    hello.mutable_hello()->set_program(std::move(program));
    GLEANER_TRY(const auto reply, client.ask(std::move(hello), hello_within));
    if (!reply.has_welcome())
        return Error(ErrorCode::unsupported,
                     "the node does not speak this program's language: "
                     "install the same version of both");
    return client;
}

ControlClient::ControlClient(ControlClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      last_id_(other.last_id_),
      reader_(std::move(other.reader_)) {}

ControlClient::~ControlClient() {
    if (socket_ >= 0) ::close(socket_);
}

Status ControlClient::send(const control::ToNode& message) {
    const std::string frame = control::frame_of(message);
    std::size_t sent = 0;
    while (sent < frame.size()) {
        const auto size = ::send(socket_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return Error(ErrorCode::unavailable, "the node hung up");
        sent += static_cast<std::size_t>(size);
    }
    return ok();
}

Result<control::ToProgram> ControlClient::next(Duration within) {
    const Time until = SystemClock().now() + within;
    std::array<char, 16u << 10> buffer;
    control::ToProgram message;
    while (true) {
        GLEANER_TRY(const bool whole, reader_.next(message));
        if (whole) return message;
        pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&waiting, 1, poll_time(until));
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) return Error(ErrorCode::timeout, "the node does not answer");
        const auto size = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return Error(ErrorCode::unavailable, "the node hung up");
        reader_.append({buffer.data(), static_cast<std::size_t>(size)});
    }
}

Result<control::ToProgram> ControlClient::ask(control::ToNode request, Duration within) {
    request.set_id(++last_id_);
    GLEANER_TRY(send(request));
    while (true) {
        GLEANER_TRY(auto reply, next(within));
        if (reply.id() != last_id_) continue;
        if (!reply.has_refusal()) return reply;
        return Error(error_code_named(reply.refusal().code()).value_or(ErrorCode::internal),
                     reply.refusal().why().en());
    }
}

}  // namespace gleaner
