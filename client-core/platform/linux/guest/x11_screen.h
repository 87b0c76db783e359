#pragma once
/// One connection to an X server: its first screen's input, idle time and full-screen program.
/// Every call may block for as long as the server does (a program may grab it): not for the
/// network's thread. Not thread-safe.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "client-core/platform/linux/guest/desktop_places.h"
#include "client-core/platform/linux/guest/x11_library.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::guest {

class X11Screen {
public:
    struct Seen {
        bool input = false;        ///< a person did something
        bool full_screen = false;  ///< what fills the screen may be another now
    };

    /// unavailable: no server answers there. permission_denied: it refuses the key.
    /// `on_socket` is handed the socket before the server is first spoken to: shutting a duplicate
    /// of it down ends whatever call waits for the server.
    [[nodiscard]] static Result<std::unique_ptr<X11Screen>> connect(
        const X11Place& place, std::filesystem::path root,
        const std::function<void(int)>& on_socket);
    ~X11Screen();
    X11Screen(const X11Screen&) = delete;
    X11Screen& operator=(const X11Screen&) = delete;

    /// To wait for until it can be read.
    [[nodiscard]] int descriptor() const { return fd_; }
    /// The server is gone.
    [[nodiscard]] bool lost() const;
    /// A server within Wayland sees only the input that its own windows get.
    [[nodiscard]] bool within_wayland() const { return within_wayland_; }

    /// Whether input wakes descriptor(). Sent at once.
    void listen_to_input(bool listen);
    /// How long ago the last input was; nothing if the server does not tell.
    [[nodiscard]] std::optional<Duration> idle();
    /// Handles what has come, without waiting for more.
    [[nodiscard]] Seen take_events();
    /// The program whose window fills the screen; empty if none does.
    [[nodiscard]] std::string full_screen();

private:
    struct Freed {
        void operator()(void* reply) const;
    };
    template <class Reply>
    using Answer = std::unique_ptr<Reply, Freed>;

    X11Screen(std::unique_ptr<X11Library> library, std::filesystem::path root);
    Status open(int fd, const X11Key* key);
    Status set_up();
    [[nodiscard]] xcb_atom_t atom(const char* name);
    [[nodiscard]] Answer<xcb_get_property_reply_t> property(xcb_window_t window, xcb_atom_t name,
                                                            std::uint32_t words);
    [[nodiscard]] std::optional<std::uint32_t> first_word(xcb_window_t window, xcb_atom_t name);
    [[nodiscard]] bool has_word(xcb_window_t window, xcb_atom_t name, std::uint32_t word);
    [[nodiscard]] bool fills_screen(xcb_window_t window);
    [[nodiscard]] std::string program_of(xcb_window_t window);
    void follow(xcb_window_t active);
    void note_unmanaged(xcb_window_t window);

    std::unique_ptr<X11Library> x_;
    std::filesystem::path root_folder_;
    xcb_connection_t* connection_ = nullptr;
    int fd_ = -1;
    xcb_window_t root_ = 0;
    std::uint8_t input_opcode_ = 0;
    bool has_screensaver_ = false;
    bool within_wayland_ = false;
    xcb_atom_t active_window_ = 0;
    xcb_atom_t state_ = 0;
    xcb_atom_t state_full_screen_ = 0;
    xcb_atom_t process_ = 0;
    xcb_window_t active_ = 0;
    std::set<xcb_window_t> unmanaged_;  ///< shown, and placed past the window manager
};

}  // namespace gleaner::guest
