#include "client-core/platform/linux/guest/x11_session.h"

#include <array>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gleaner::guest {

namespace asio = boost::asio;

namespace {

/// While input goes on it is looked at so often only.
constexpr Duration look_interval = 1s;

void ring(int fd) {
    const std::uint64_t one = 1;
    static_cast<void>(!write(fd, &one, sizeof(one)));
}

}  // namespace

X11Session::X11Session(X11Place place, std::filesystem::path root, const Clock& clock,
                       const asio::any_io_executor& executor)
    : place_(std::move(place)),
      root_(std::move(root)),
      clock_(clock),
      told_(executor),
      tell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    told_.assign(dup(tell_.get()));
    thread_ = std::thread([this] { run(); });
}

X11Session::~X11Session() {
    ring(stop_.get());
    {
        const std::lock_guard lock(mutex_);
        // Ends a call that waits for the server.
        stopping_ = true;
        if (connection_.get() >= 0) shutdown(connection_.get(), SHUT_RDWR);
    }
    thread_.join();
}

asio::awaitable<bool> X11Session::changed() {
    std::uint64_t rings = 0;
    const auto [ec, got] = co_await told_.async_read_some(asio::buffer(&rings, sizeof(rings)),
                                                          asio::as_tuple(asio::use_awaitable));
    co_return !ec;
}

X11Session::State X11Session::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void X11Session::wake() {
    ring(tell_.get());
}

void X11Session::run() {
    auto screen = X11Screen::connect(place_, root_, [this](int socket) {
        const std::lock_guard lock(mutex_);
        connection_ = UniqueFd(dup(socket));
        state_.reached = true;
        if (stopping_) shutdown(socket, SHUT_RDWR);
    });
    if (screen) {
        {
            const std::lock_guard lock(mutex_);
            state_.connected = true;
            state_.worked = true;
            state_.input_works = !screen.value()->within_wayland();
        }
        watch(*screen.value());
    }
    {
        const std::lock_guard lock(mutex_);
        connection_.reset();
        state_.connected = false;
        state_.input_works = false;
        state_.full_screen.reset();
        state_.ended = true;
        state_.problem =
            screen ? Error(ErrorCode::unavailable, "X11: the server has ended") : screen.error();
    }
    wake();
}

void X11Session::note_input(Time when) {
    const std::lock_guard lock(mutex_);
    if (!state_.last_input || *state_.last_input < when) state_.last_input = when;
}

void X11Session::look_at_input(X11Screen& screen, bool& listening) {
    // First listen, then ask: input in between would else be missed.
    screen.listen_to_input(true);
    const auto idle = screen.idle();
    if (idle) note_input(clock_.now() - *idle);
    listening = !idle || *idle >= look_interval;
    if (!listening) screen.listen_to_input(false);
    wake();
}

void X11Session::watch(X11Screen& screen) {
    bool listening = false;
    bool look_at_screen = true;
    look_at_input(screen, listening);
    Time look_at = clock_.now() + look_interval;
    while (!screen.lost()) {
        const auto seen = screen.take_events();
        if (seen.input && listening) {
            note_input(clock_.now());
            wake();
            listening = false;
            screen.listen_to_input(false);
            look_at = clock_.now() + look_interval;
        }
        if (seen.full_screen || look_at_screen) {
            look_at_screen = false;
            std::string program = screen.full_screen();
            {
                const std::lock_guard lock(mutex_);
                state_.full_screen = std::move(program);
            }
            wake();
            continue;  // asking may have brought more events in
        }
        const Duration left = look_at - clock_.now();
        std::array<pollfd, 2> waited = {pollfd{screen.descriptor(), POLLIN, 0},
                                        pollfd{stop_.get(), POLLIN, 0}};
        const auto milliseconds = static_cast<int>(std::max<std::int64_t>(0, left.count() / 1000));
        const int ready = poll(waited.data(), waited.size(), listening ? -1 : milliseconds + 1);
        if (waited[1].revents != 0) return;
        if (ready == 0) {
            look_at_input(screen, listening);
            look_at = clock_.now() + look_interval;
        }
    }
}

}  // namespace gleaner::guest
