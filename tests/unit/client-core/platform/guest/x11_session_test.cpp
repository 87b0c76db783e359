// Against a real X server (Xvfb) with real input (XTEST through xdotool). There is no window
// manager: the test sets what one would.
#include "client-core/platform/linux/guest/x11_session.h"

#include <exception>
#include <functional>
#include <xcb/xcb.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/unit/client-core/platform/guest/run_until.h"
#include "tests/unit/client-core/platform/guest/xvfb.h"

namespace gleaner::guest {
namespace {

/// A program with windows, on the same server.
class Program {
public:
    explicit Program(const testing::Xvfb& server) {
        setenv("XAUTHORITY", server.authority_file().c_str(), 1);
        connection_ = xcb_connect(server.display_name().c_str(), nullptr);
        unsetenv("XAUTHORITY");
        REQUIRE(xcb_connection_has_error(connection_) == 0);
        root_ = xcb_setup_roots_iterator(xcb_get_setup(connection_)).data->root;
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() { xcb_disconnect(connection_); }

    xcb_window_t open_window(std::uint16_t width, std::uint16_t height, bool unmanaged,
                             bool with_process = true) {
        const xcb_window_t window = xcb_generate_id(connection_);
        const std::uint32_t value = unmanaged ? 1 : 0;
        xcb_create_window(connection_, XCB_COPY_FROM_PARENT, window, root_, 0, 0, width, height, 0,
                          XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
                          XCB_CW_OVERRIDE_REDIRECT, &value);
        if (with_process)
            set(window, "_NET_WM_PID", XCB_ATOM_CARDINAL, static_cast<std::uint32_t>(getpid()));
        xcb_map_window(connection_, window);
        xcb_flush(connection_);
        return window;
    }
    void close_window(xcb_window_t window) {
        xcb_destroy_window(connection_, window);
        xcb_flush(connection_);
    }
    void set_full_screen(xcb_window_t window, bool full) {
        set(window, "_NET_WM_STATE", XCB_ATOM_ATOM,
            full ? atom("_NET_WM_STATE_FULLSCREEN") : atom("_NET_WM_STATE_ABOVE"));
    }
    void activate(xcb_window_t window) {
        set(root_, "_NET_ACTIVE_WINDOW", XCB_ATOM_WINDOW, window);
    }
    void grab_server(bool grab) {
        if (grab) {
            xcb_grab_server(connection_);
        } else {
            xcb_ungrab_server(connection_);
        }
        xcb_flush(connection_);
    }

private:
    xcb_atom_t atom(const std::string& name) {
        auto* const reply = xcb_intern_atom_reply(
            connection_,
            xcb_intern_atom(connection_, 0, static_cast<std::uint16_t>(name.size()), name.data()),
            nullptr);
        const xcb_atom_t value = reply->atom;
        free(reply);
        return value;
    }
    void set(xcb_window_t window, const std::string& name, xcb_atom_t type, std::uint32_t value) {
        xcb_change_property(connection_, XCB_PROP_MODE_REPLACE, window, atom(name), type, 32, 1,
                            &value);
        xcb_flush(connection_);
    }

    xcb_connection_t* connection_ = nullptr;
    xcb_window_t root_ = 0;
};

struct Rig {
    testing::Xvfb server;
    SystemClock clock;
    boost::asio::io_context io;
    std::unique_ptr<X11Session> session;
    int changes = 0;

    explicit Rig(const std::string& authority = "") {
        X11Place place;
        place.display = static_cast<std::uint32_t>(server.display());
        place.socket = "/tmp/.X11-unix/X" + std::to_string(server.display());
        place.authority = authority.empty() ? server.authority_file() : authority;
        session = std::make_unique<X11Session>(place, "/", clock, io.get_executor());
        boost::asio::co_spawn(io, count(), [](const std::exception_ptr&) {});
    }
    boost::asio::awaitable<void> count() {
        while (session) {
            const bool told = co_await session->changed();
            if (told) ++changes;
        }
    }
    ~Rig() {
        session.reset();  // ends count(), which may have been told something just now
        io.restart();
        io.run();
    }
    bool run_until(const std::function<bool(const X11Session::State&)>& condition) {
        return testing::run_until(io, [&] { return condition(session->state()); });
    }
    /// No input is going on: the next one will be told at once.
    bool wait_for_quiet() {
        return run_until([&](const X11Session::State& state) {
            return state.last_input && clock.now() - *state.last_input > 1500ms;
        });
    }
};

const std::string this_program = std::filesystem::read_symlink("/proc/self/exe").filename();

TEST_CASE("X11: the first input after quiet is told within milliseconds, the rest once a second") {
    Rig rig;
    REQUIRE(rig.wait_for_quiet());
    CHECK(rig.session->state().input_works);
    const int before = rig.changes;
    const Time started = rig.clock.now();
    // Not `mousemove`, which warps the pointer: that is a program's doing and no input.
    rig.server.xdotool("mousemove_relative 10 10");
    const Time sent = rig.clock.now();
    REQUIRE(rig.run_until(
        [&](const X11Session::State& state) { return *state.last_input >= started; }));
    CHECK(*rig.session->state().last_input < sent + 20ms);
    for (int motion = 0; motion < 20; ++motion) rig.server.xdotool("mousemove_relative 1 1");
    const Time last_sent = rig.clock.now();
    REQUIRE(rig.run_until(
        [&](const X11Session::State& state) { return *state.last_input > last_sent - 100ms; }));
    const auto seconds = (rig.clock.now() - started).count() / 1'000'000 + 1;
    CHECK(rig.changes - before <= 1 + seconds);
    REQUIRE(rig.wait_for_quiet());
    const Time key_at = rig.clock.now();
    rig.server.xdotool("key a");
    CHECK(
        rig.run_until([&](const X11Session::State& state) { return *state.last_input >= key_at; }));
}

TEST_CASE("X11: a quiet session wakes nobody") {
    Rig rig;
    REQUIRE(rig.wait_for_quiet());
    rig.run_until([](const X11Session::State&) { return true; });
    const int before = rig.changes;
    const Time until = rig.clock.now() + 2s;
    REQUIRE(rig.run_until([&](const X11Session::State&) { return rig.clock.now() > until; }));
    CHECK(rig.changes == before);
}

TEST_CASE("X11: the program that fills the screen is named, by its state or by its size") {
    Rig rig;
    Program program(rig.server);
    const auto full = [](const std::string& name) {
        return [name](const X11Session::State& state) { return state.full_screen == name; };
    };
    REQUIRE(rig.run_until(full("")));
    const auto window = program.open_window(100, 100, false);
    program.activate(window);
    program.set_full_screen(window, true);
    CHECK(rig.run_until(full(this_program)));
    program.set_full_screen(window, false);
    CHECK(rig.run_until(full("")));
    program.set_full_screen(window, true);
    CHECK(rig.run_until(full(this_program)));
    program.activate(0);
    CHECK(rig.run_until(full("")));
    const auto game = program.open_window(640, 480, true);
    CHECK(rig.run_until(full(this_program)));
    program.close_window(game);
    CHECK(rig.run_until(full("")));
    // A menu, and a compositor's overlay: too small; without a program.
    program.open_window(100, 480, true);
    program.open_window(640, 480, true, false);
    const auto mark = program.open_window(640, 480, true);
    CHECK(rig.run_until(full(this_program)));
    program.close_window(mark);
    CHECK(rig.run_until(full("")));
}

TEST_CASE("X11: a program that is full screen when the session is reached is told") {
    Rig rig;
    Program program(rig.server);
    program.open_window(640, 480, true);
    X11Session second(rig.session->place(), "/", rig.clock, rig.io.get_executor());
    CHECK(testing::run_until(rig.io, [&] { return second.state().full_screen == this_program; }));
}

TEST_CASE("X11: a server that a program has grabbed holds up nobody, not even the end") {
    Rig rig;
    Program program(rig.server);
    REQUIRE(rig.run_until([](const X11Session::State& state) { return state.connected; }));
    const auto window = program.open_window(100, 100, false);
    program.grab_server(true);
    program.activate(window);
    rig.session.reset();  // or this test runs into its limit
    program.grab_server(false);
}

TEST_CASE("X11: a wrong key and a server that ends are told as what they are") {
    Rig refused("/nonexistent");
    REQUIRE(refused.run_until([](const X11Session::State& state) { return state.ended; }));
    CHECK(refused.session->state().reached);
    CHECK_FALSE(refused.session->state().worked);
    CHECK(refused.session->state().problem->message().find("XAUTHORITY") != std::string::npos);
    Rig rig;
    REQUIRE(rig.run_until([](const X11Session::State& state) { return state.connected; }));
    rig.server.stop();
    REQUIRE(rig.run_until([](const X11Session::State& state) { return state.ended; }));
    CHECK(rig.session->state().problem->message() == "X11: the server has ended");
    CHECK_FALSE(rig.session->state().full_screen);
    CHECK(rig.session->state().worked);
}

}  // namespace
}  // namespace gleaner::guest
