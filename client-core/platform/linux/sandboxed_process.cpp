#include "client-core/platform/linux/sandboxed_process.h"

#include <array>
#include <fstream>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>

namespace gleaner {

namespace asio = boost::asio;

void BoundedTail::append(std::string_view text) {
    if (text.size() > limit_) text.remove_prefix(text.size() - limit_);
    bytes_.append(text);
    // Cut only now and then: erasing at the front moves all the rest.
    if (bytes_.size() > 2 * limit_) bytes_.erase(0, bytes_.size() - limit_);
}

std::string BoundedTail::text() const {
    return bytes_.size() > limit_ ? bytes_.substr(bytes_.size() - limit_) : bytes_;
}

int child_pid_from_info(std::string_view info) {
    boost::system::error_code ec;
    const auto value = boost::json::parse(info, ec);
    if (ec || !value.is_object()) return 0;
    const auto* pid = value.get_object().if_contains("child-pid");
    return pid != nullptr && pid->is_int64() ? static_cast<int>(pid->get_int64()) : 0;
}

namespace {

constexpr std::size_t info_bytes_max = 4096;

int open_pidfd(int pid) {
    return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

bool send_signal(int pidfd, int signal_number) {
    return pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, signal_number, nullptr, 0) == 0;
}

/// Shared by the handle and the handlers in flight, which may run once more after the handle died.
struct ProcessState : std::enable_shared_from_this<ProcessState> {
    ProcessState(const asio::any_io_executor& executor, SpawnedChild spawned, ChildPipes pipes,
                 std::unique_ptr<ControlGroup> its_group, std::size_t out_max, std::size_t err_max)
        : pid(spawned.pid),
          pidfd(executor, spawned.pidfd.release()),
          out(executor, pipes.out.release()),
          err(executor, pipes.err.release()),
          info(executor, pipes.info.release()),
          exit_timer(executor, asio::steady_timer::time_point::max()),
          group(std::move(its_group)),
          out_tail(out_max),
          err_tail(err_max) {}

    ~ProcessState() { reap_killed(); }

    void start() {
        drain(out, out_buffer, out_tail);
        drain(err, err_buffer, err_tail);
        read_info();
        pidfd.async_wait(asio::posix::descriptor_base::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& ec) {
                             if (!ec) self->on_exit();
                         });
    }

    void drain(asio::posix::stream_descriptor& from, std::array<char, 4096>& buffer,
               BoundedTail& tail) {
        from.async_read_some(asio::buffer(buffer),
                             [self = shared_from_this(), &from, &buffer, &tail](
                                 const boost::system::error_code& ec, std::size_t size) {
                                 if (ec) {
                                     --self->open_pipes;
                                     self->finish_if_done();
                                     return;
                                 }
                                 tail.append({buffer.data(), size});
                                 self->drain(from, buffer, tail);
                             });
    }

    void read_info() {
        asio::async_read(info, asio::dynamic_buffer(info_text, info_bytes_max),
                         [self = shared_from_this()](const boost::system::error_code&,
                                                     std::size_t) { self->find_init(); });
    }

    /// Process 1 of the sandbox: killing it makes the kernel kill everything in there.
    void find_init() {
        if (init_pid != 0) return;
        init_pid = child_pid_from_info(info_text);
        if (init_pid != 0) init_pidfd = UniqueFd(open_pidfd(init_pid));
    }

    [[nodiscard]] int program_pid() const {
        if (ended || init_pid == 0) return 0;
        const std::string init = std::to_string(init_pid);
        std::ifstream children("/proc/" + init + "/task/" + init + "/children");
        int child = 0;
        children >> child;
        return child;
    }

    void kill_all() {
        if (exited) return;
        exit.killed_by_us = true;
        // Without process 1 (still starting up), bubblewrap itself: its children die with it.
        if (!send_signal(init_pidfd.get(), SIGKILL)) send_signal(pidfd.native_handle(), SIGKILL);
    }

    void on_exit() {
        int status = 0;
        if (waitpid(pid, &status, WNOHANG) != pid) return;
        exited = true;
        exit.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        exit.out_of_memory = group != nullptr && group->out_of_memory();
        finish_if_done();
    }

    /// The end is told only after both pipes' ends: what was written last is in the tails then.
    /// With process 1 everybody who could hold a pipe open is dead.
    void finish_if_done() {
        if (!exited || open_pipes > 0 || ended) return;
        ended = true;
        close_all();
        group.reset();
        exit_timer.cancel();
    }

    void close_all() {
        boost::system::error_code ec;
        out.close(ec);
        err.close(ec);
        info.close(ec);
        pidfd.close(ec);
    }

    /// The handle died with the process alive: collect it, or a zombie stays.
    void reap_killed() const {
        if (exited) return;
        ::kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }

    pid_t pid;
    asio::posix::stream_descriptor pidfd;
    asio::posix::stream_descriptor out;
    asio::posix::stream_descriptor err;
    asio::posix::stream_descriptor info;
    asio::steady_timer exit_timer;
    std::unique_ptr<ControlGroup> group;
    int open_pipes = 2;   ///< out and err, until their ends
    bool exited = false;  ///< collected; `ended` when the pipes are at their end too
    BoundedTail out_tail;
    BoundedTail err_tail;
    std::array<char, 4096> out_buffer{};
    std::array<char, 4096> err_buffer{};
    std::string info_text;
    int init_pid = 0;
    UniqueFd init_pidfd;
    ProcessExit exit;
    bool ended = false;
};

class BwrapProcess final : public SandboxedProcess {
public:
    explicit BwrapProcess(std::shared_ptr<ProcessState> state) : state_(std::move(state)) {
        state_->start();
    }

    ~BwrapProcess() override {
        state_->kill_all();
        // Whoever waits is told; the handlers let go of the state, which collects the process.
        state_->exit_timer.cancel();
        state_->close_all();
    }

    asio::awaitable<ProcessExit> wait() override { return wait_for(state_); }
    [[nodiscard]] bool running() const override { return !state_->ended; }
    [[nodiscard]] bool terminate() override {
        if (state_->ended) return true;
        if (!signal_program(SIGTERM)) return false;
        state_->exit.killed_by_us = true;
        return true;
    }
    void kill() override { state_->kill_all(); }
    [[nodiscard]] bool suspend() override { return signal_program(SIGSTOP); }
    void resume() override { (void)signal_program(SIGCONT); }
    [[nodiscard]] std::string stdout_tail() const override { return state_->out_tail.text(); }
    [[nodiscard]] std::string stderr_tail() const override { return state_->err_tail.text(); }
    [[nodiscard]] int host_pid() const override { return state_->program_pid(); }

private:
    static asio::awaitable<ProcessExit> wait_for(std::shared_ptr<ProcessState> state) {
        if (!state->ended) {
            boost::system::error_code ec;
            co_await state->exit_timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            const auto cancelled = co_await asio::this_coro::cancellation_state;
            if (!state->ended && cancelled.cancelled() != asio::cancellation_type::none) {
                throw boost::system::system_error(asio::error::operation_aborted);
            }
        }
        auto exit = state->exit;
        co_return exit;
    }

    /// False when there is no program (yet).
    [[nodiscard]] bool signal_program(int signal_number) const {
        const int program = state_->program_pid();
        return program != 0 && send_signal(UniqueFd(open_pidfd(program)).get(), signal_number);
    }

    std::shared_ptr<ProcessState> state_;
};

}  // namespace

std::unique_ptr<SandboxedProcess> make_sandboxed_process(const asio::any_io_executor& executor,
                                                         SpawnedChild child, ChildPipes pipes,
                                                         std::unique_ptr<ControlGroup> group,
                                                         std::size_t stdout_bytes_max,
                                                         std::size_t stderr_bytes_max) {
    return std::make_unique<BwrapProcess>(
        std::make_shared<ProcessState>(executor, std::move(child), std::move(pipes),
                                       std::move(group), stdout_bytes_max, stderr_bytes_max));
}

}  // namespace gleaner
