#include "client-core/control/control_session.h"

#include <array>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "shared/async/deadline.h"
#include "shared/proto/control.pb.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;
using control::ToNode;
using control::ToProgram;

namespace {

constexpr std::size_t read_bytes = 16u << 10;
constexpr std::size_t own_tasks = 3;
constexpr std::size_t long_requests_max = 4;

void refuse(ErrorCode code, const char* english, const char* chinese, ToProgram& reply) {
    auto& refusal = *reply.mutable_refusal();
    refusal.set_code(std::string(to_string(code)));
    refusal.mutable_why()->set_en(english);
    refusal.mutable_why()->set_zh(chinese);
}

/// What anybody on the machine may do: look, and ask what settings would mean.
bool only_looks(const ToNode& message) {
    switch (message.body_case()) {
        case ToNode::kSubscribe:
        case ToNode::kGetSettings:
        case ToNode::kDescribe:
            return true;
        default:
            return false;
    }
}

bool takes_long(const ToNode& message) {
    switch (message.body_case()) {
        case ToNode::kCheckSandbox:
        case ToNode::kGetEarnings:
        case ToNode::kReadConsent:
        case ToNode::kJoin:
        case ToNode::kLeave:
            return true;
        default:
            return false;
    }
}

void log_failure(const std::exception_ptr& exception) {
    spdlog::error("event=control_session_failed why=\"{}\"",
                  async_detail::error_from_exception(exception).message());
}

}  // namespace

ControlSession::ControlSession(asio::local::stream_protocol::socket socket, bool may_control,
                               const ControlServerOptions& options, ControlHandler& handler)
    : socket_(std::move(socket)),
      may_control_(may_control),
      options_(options),
      handler_(handler),
      to_write_(socket_.get_executor()),
      changed_(socket_.get_executor()),
      ended_(socket_.get_executor()),
      tasks_(socket_.get_executor(), log_failure, own_tasks + long_requests_max) {}

asio::awaitable<void> ControlSession::run() {
    // A cancelled run still waits for its children.
    co_await asio::this_coro::throw_if_cancelled(false);
    (void)tasks_.spawn(read());
    (void)tasks_.spawn(write());
    (void)tasks_.spawn(tell_state());
    co_await ended_.wait();
    tasks_.cancel(asio::cancellation_type::terminal);
    co_await tasks_.join();
}

void ControlSession::changed() {
    if (subscribed_) changed_.notify();
}

asio::awaitable<Result<bool>> ControlSession::receive(ToNode& message) {
    std::array<char, read_bytes> buffer;
    while (true) {
        GLEANER_CO_TRY(const bool whole, reader_.next(message));
        if (whole) co_return true;
        const auto [problem, size] = co_await socket_.async_read_some(
            asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
        if (problem) co_return Error(ErrorCode::unavailable, problem.message());
        reader_.append({buffer.data(), size});
    }
}

asio::awaitable<void> ControlSession::read() {
    ToNode message;
    auto first = receive(message);
    auto bounded = with_deadline(std::move(first), options_.hello_within);
    auto came = co_await std::move(bounded);
    bool goes_on = came.has_value() && welcome(message);
    while (goes_on) {
        auto receiving = receive(message);
        came = co_await std::move(receiving);
        goes_on = came.has_value();
        if (!goes_on) break;
        if (takes_long(message)) {
            obey_apart(std::move(message));
            continue;
        }
        auto obeying = obey(message);
        co_await std::move(obeying);
    }
    if (came.has_error() && came.error().code() == ErrorCode::invalid_argument)
        spdlog::warn("event=control_message_refused why=\"{}\"", came.error().message());
    hanging_up_ = true;
    to_write_.notify();
}

bool ControlSession::welcome(const ToNode& message) {
    ToProgram reply;
    reply.set_id(message.id());
    const bool good =
        message.has_hello() && message.hello().protocol() == control::protocol_version;
    if (good) {
        auto& welcome = *reply.mutable_welcome();
        welcome.set_protocol(control::protocol_version);
        welcome.set_version(options_.version);
        welcome.set_may_control(may_control_);
    } else {
        refuse(ErrorCode::unsupported,
               "This program and the Gleaner service are of different versions: install the same "
               "version of both.",
               "此程序与拾穗服务的版本不一致：请安装相同版本。", reply);
    }
    send(reply);
    return good;
}

void ControlSession::obey_apart(ToNode message) {
    const std::uint64_t id = message.id();
    if (tasks_.spawn(obey_long(std::make_unique<ToNode>(std::move(message))))) return;
    ToProgram reply;
    reply.set_id(id);
    refuse(ErrorCode::resource_exhausted, "The service still works on earlier requests: wait.",
           "服务仍在处理之前的请求，请稍候。", reply);
    send(reply);
}

asio::awaitable<void> ControlSession::obey_long(std::unique_ptr<ToNode> message) {
    // Half of a joining would leave a machine at the coordinator that nobody knows: whoever hangs
    // up finds it done when they come back.
    if (message->has_join() || message->has_leave())
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    auto obeying = obey(*message);
    co_await std::move(obeying);
}

asio::awaitable<void> ControlSession::obey(const ToNode& message) {
    ToProgram reply;
    reply.set_id(message.id());
    if (message.id() == 0 || message.body_case() == ToNode::BODY_NOT_SET) {
        refuse(ErrorCode::invalid_argument,
               "The service does not know this request: install the same version of both.",
               "服务不认识此请求：请安装相同版本。", reply);
    } else if (!may_control_ && !only_looks(message)) {
        refuse(ErrorCode::permission_denied,
               "Only an administrator, the service's own user and members of the group gleaner may "
               "do this.",
               "只有管理员、服务所属用户及 gleaner 组成员可以执行此操作。", reply);
    } else if (message.has_subscribe()) {
        handler_.describe(*reply.mutable_state());
        last_state_ = reply.state().SerializeAsString();
        if (!std::exchange(subscribed_, true)) changed_.notify();
    } else {
        auto answering = handler_.answer(message, reply);
        co_await std::move(answering);
    }
    send(reply);
}

void ControlSession::send(const ToProgram& message) {
    unsent_ += control::frame_of(message);
    if (unsent_.size() > options_.unread_bytes_max) {
        ended_.notify();  // it does not read
        return;
    }
    to_write_.notify();
}

asio::awaitable<void> ControlSession::write() {
    bool sent = true;
    while (sent && !(hanging_up_ && unsent_.empty())) {
        co_await to_write_.wait();
        while (sent && !unsent_.empty()) {
            const std::string now = std::exchange(unsent_, {});
            const auto [problem, size] = co_await asio::async_write(
                socket_, asio::buffer(now), asio::as_tuple(asio::use_awaitable));
            sent = !problem;
        }
    }
    ended_.notify();
}

asio::awaitable<void> ControlSession::tell_state() {
    // Work in progress has no event for each token: while somebody looks, so do we.
    co_await changed_.wait();
    while (true) {
        ToProgram message;
        handler_.describe(*message.mutable_state());
        std::string state = message.state().SerializeAsString();
        if (state != last_state_) {
            last_state_ = std::move(state);
            send(message);
        }
        co_await sleep_for(options_.state_interval);
        (void)co_await changed_.wait_for(options_.look_interval);
    }
}

}  // namespace gleaner
