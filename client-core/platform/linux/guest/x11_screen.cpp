#include "client-core/platform/linux/guest/x11_screen.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client-core/platform/linux/guest/system_file.h"
#include "client-core/platform/linux/spawn.h"

namespace gleaner::guest {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t unmanaged_max = 64;

/// Programs that fill the screen to lock or save it: nobody looks at those.
constexpr std::array<std::string_view, 9> lockers = {
    "i3lock",          "xscreensaver", "xsecurelock",          "slock",           "xlock",
    "xfce4-screensav", "light-locker", "cinnamon-screensaver", "mate-screensaver"};

/// The folder of the socket, and Linux's socket without a file, for servers that offer only that.
UniqueFd connect_to(const fs::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& text = path.native();
    if (text.size() + 1 >= sizeof(address.sun_path)) return {};
    for (const std::size_t shift : {std::size_t{0}, std::size_t{1}}) {
        UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (fd.get() < 0) return {};
        std::fill(std::begin(address.sun_path), std::end(address.sun_path), '\0');
        text.copy(address.sun_path + shift, text.size());
        const std::size_t size = offsetof(sockaddr_un, sun_path) + text.size() + 1;
        if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                    static_cast<socklen_t>(size)) == 0)
            return fd;
    }
    return {};
}

}  // namespace

void X11Screen::Freed::operator()(void* reply) const {
    std::free(reply);
}

X11Screen::X11Screen(std::unique_ptr<X11Library> library, fs::path root)
    : x_(std::move(library)), root_folder_(std::move(root)) {}

X11Screen::~X11Screen() {
    if (connection_ != nullptr) x_->xcb_disconnect(connection_);
}

Result<std::unique_ptr<X11Screen>> X11Screen::connect(const X11Place& place, fs::path root,
                                                      const std::function<void(int)>& on_socket) {
    GLEANER_TRY(auto library, X11Library::open());
    UniqueFd fd = connect_to(place.socket);
    if (fd.get() < 0)
        return Error(ErrorCode::unavailable, "X11: no server answers at " + place.socket.string());
    on_socket(fd.get());
    const auto file = read_system_file(place.authority, 1UL << 20);
    const auto key = file ? find_x11_key(*file, place.display) : std::nullopt;
    std::unique_ptr<X11Screen> screen(new X11Screen(std::move(library), std::move(root)));
    GLEANER_TRY(screen->open(fd.release(), key ? &*key : nullptr));
    return screen;
}

Status X11Screen::open(int fd, const X11Key* key) {
    xcb_auth_info_t info{};
    std::string name = key != nullptr ? key->name : std::string();
    std::string value = key != nullptr ? key->value : std::string();
    info.name = name.data();
    info.namelen = static_cast<int>(name.size());
    info.data = value.data();
    info.datalen = static_cast<int>(value.size());
    // Takes the descriptor, also if it fails.
    connection_ = x_->xcb_connect_to_fd(fd, key != nullptr ? &info : nullptr);
    if (x_->xcb_connection_has_error(connection_) != 0)
        return Error(ErrorCode::permission_denied,
                     key != nullptr ? "X11: the server refuses the key of XAUTHORITY"
                                    : "X11: the server wants a key and XAUTHORITY has none");
    fd_ = fd;
    return set_up();
}

Status X11Screen::set_up() {
    const auto screens = x_->xcb_setup_roots_iterator(x_->xcb_get_setup(connection_));
    if (screens.rem == 0) return Error(ErrorCode::unsupported, "X11: the server has no screen");
    root_ = screens.data->root;
    const auto* const input = x_->xcb_get_extension_data(connection_, x_->input);
    if (input == nullptr || input->present == 0)
        return Error(ErrorCode::unsupported, "X11: the server lacks XInput");
    input_opcode_ = input->major_opcode;
    const auto version_asked = x_->xcb_input_xi_query_version(connection_, 2, 2);
    const Answer<xcb_input_xi_query_version_reply_t> version(
        x_->xcb_input_xi_query_version_reply(connection_, version_asked, nullptr));
    if (version == nullptr || version->major_version < 2)
        return Error(ErrorCode::unsupported, "X11: the server's XInput is older than 2");
    const auto* const saver = x_->xcb_get_extension_data(connection_, x_->screensaver);
    has_screensaver_ = saver != nullptr && saver->present != 0;
    constexpr std::string_view xwayland = "XWAYLAND";
    const auto xwayland_asked = x_->xcb_query_extension(
        connection_, static_cast<std::uint16_t>(xwayland.size()), xwayland.data());
    const Answer<xcb_query_extension_reply_t> within(
        x_->xcb_query_extension_reply(connection_, xwayland_asked, nullptr));
    within_wayland_ = within != nullptr && within->present != 0;
    active_window_ = atom("_NET_ACTIVE_WINDOW");
    state_ = atom("_NET_WM_STATE");
    state_full_screen_ = atom("_NET_WM_STATE_FULLSCREEN");
    process_ = atom("_NET_WM_PID");
    const std::uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;
    x_->xcb_change_window_attributes(connection_, root_, XCB_CW_EVENT_MASK, &mask);
    const auto tree_asked = x_->xcb_query_tree(connection_, root_);
    const Answer<xcb_query_tree_reply_t> tree(
        x_->xcb_query_tree_reply(connection_, tree_asked, nullptr));
    if (tree == nullptr) return Error(ErrorCode::unavailable, "X11: the server is gone");
    const auto* const children = x_->xcb_query_tree_children(tree.get());
    const int count = x_->xcb_query_tree_children_length(tree.get());
    for (int index = 0; index < count; ++index) {
        const auto asked = x_->xcb_get_window_attributes(connection_, children[index]);
        const Answer<xcb_get_window_attributes_reply_t> window(
            x_->xcb_get_window_attributes_reply(connection_, asked, nullptr));
        if (window != nullptr && window->override_redirect != 0 &&
            window->map_state == XCB_MAP_STATE_VIEWABLE)
            note_unmanaged(children[index]);
    }
    return ok();
}

bool X11Screen::lost() const {
    return x_->xcb_connection_has_error(connection_) != 0;
}

void X11Screen::listen_to_input(bool listen) {
    struct {
        xcb_input_event_mask_t head;
        std::uint32_t mask;
    } wanted{};
    wanted.head.deviceid = XCB_INPUT_DEVICE_ALL_MASTER;
    wanted.head.mask_len = 1;
    if (listen) {
        wanted.mask = XCB_INPUT_XI_EVENT_MASK_RAW_KEY_PRESS |
                      XCB_INPUT_XI_EVENT_MASK_RAW_BUTTON_PRESS |
                      XCB_INPUT_XI_EVENT_MASK_RAW_MOTION | XCB_INPUT_XI_EVENT_MASK_RAW_TOUCH_BEGIN |
                      XCB_INPUT_XI_EVENT_MASK_RAW_TOUCH_UPDATE;
    }
    x_->xcb_input_xi_select_events(connection_, root_, 1, &wanted.head);
    x_->xcb_flush(connection_);
}

std::optional<Duration> X11Screen::idle() {
    if (!has_screensaver_) return std::nullopt;
    const auto asked = x_->xcb_screensaver_query_info(connection_, root_);
    const Answer<xcb_screensaver_query_info_reply_t> info(
        x_->xcb_screensaver_query_info_reply(connection_, asked, nullptr));
    if (info == nullptr) return std::nullopt;
    return std::chrono::milliseconds(info->ms_since_user_input);
}

X11Screen::Seen X11Screen::take_events() {
    Seen seen;
    while (const Answer<xcb_generic_event_t> event{x_->xcb_poll_for_event(connection_)}) {
        switch (event->response_type & 0x7f) {
            case XCB_GE_GENERIC: {
                const auto* const generic =
                    reinterpret_cast<const xcb_ge_generic_event_t*>(event.get());
                // Only raw events of input were asked for.
                seen.input = seen.input || generic->extension == input_opcode_;
                break;
            }
            case XCB_PROPERTY_NOTIFY: {
                const auto* const changed =
                    reinterpret_cast<const xcb_property_notify_event_t*>(event.get());
                seen.full_screen =
                    seen.full_screen || changed->atom == active_window_ || changed->atom == state_;
                break;
            }
            case XCB_MAP_NOTIFY: {
                const auto* const shown =
                    reinterpret_cast<const xcb_map_notify_event_t*>(event.get());
                if (shown->override_redirect != 0 && shown->event == root_) {
                    note_unmanaged(shown->window);
                    seen.full_screen = true;
                }
                break;
            }
            case XCB_UNMAP_NOTIFY: {
                const auto* const hidden =
                    reinterpret_cast<const xcb_unmap_notify_event_t*>(event.get());
                seen.full_screen = seen.full_screen || hidden->window == active_ ||
                                   unmanaged_.erase(hidden->window) > 0;
                break;
            }
            default:
                break;
        }
    }
    return seen;
}

void X11Screen::note_unmanaged(xcb_window_t window) {
    if (unmanaged_.size() < unmanaged_max) unmanaged_.insert(window);
}

std::string X11Screen::full_screen() {
    const auto active = first_word(root_, active_window_).value_or(0);
    if (active != active_) follow(active);
    if (active != 0 && has_word(active, state_, state_full_screen_)) {
        std::string program = program_of(active);
        return program.empty() ? "a program without a name" : program;
    }
    for (const xcb_window_t window : unmanaged_) {
        if (!fills_screen(window)) continue;
        // Without a name it is the desktop's own: a compositor's overlay, a menu's shield.
        std::string program = program_of(window);
        const bool locks = std::find(lockers.begin(), lockers.end(), program) != lockers.end();
        if (!program.empty() && !locks) return program;
    }
    return {};
}

void X11Screen::follow(xcb_window_t active) {
    const std::uint32_t nothing = 0;
    const std::uint32_t changes = XCB_EVENT_MASK_PROPERTY_CHANGE;
    if (active_ != 0 && active_ != root_)
        x_->xcb_change_window_attributes(connection_, active_, XCB_CW_EVENT_MASK, &nothing);
    if (active != 0 && active != root_)
        x_->xcb_change_window_attributes(connection_, active, XCB_CW_EVENT_MASK, &changes);
    active_ = active;
}

xcb_atom_t X11Screen::atom(const char* name) {
    const std::string_view text = name;
    const auto asked =
        x_->xcb_intern_atom(connection_, 0, static_cast<std::uint16_t>(text.size()), text.data());
    const Answer<xcb_intern_atom_reply_t> reply(
        x_->xcb_intern_atom_reply(connection_, asked, nullptr));
    return reply == nullptr ? xcb_atom_t{XCB_ATOM_NONE} : reply->atom;
}

X11Screen::Answer<xcb_get_property_reply_t> X11Screen::property(xcb_window_t window,
                                                                xcb_atom_t name,
                                                                std::uint32_t words) {
    const auto asked =
        x_->xcb_get_property(connection_, 0, window, name, XCB_GET_PROPERTY_TYPE_ANY, 0, words);
    Answer<xcb_get_property_reply_t> reply(x_->xcb_get_property_reply(connection_, asked, nullptr));
    if (reply != nullptr && reply->format != 32) reply.reset();
    return reply;
}

std::optional<std::uint32_t> X11Screen::first_word(xcb_window_t window, xcb_atom_t name) {
    const auto reply = property(window, name, 1);
    if (reply == nullptr || x_->xcb_get_property_value_length(reply.get()) < 4) return std::nullopt;
    return *static_cast<const std::uint32_t*>(x_->xcb_get_property_value(reply.get()));
}

bool X11Screen::has_word(xcb_window_t window, xcb_atom_t name, std::uint32_t word) {
    const auto reply = property(window, name, 64);
    if (reply == nullptr) return false;
    const auto* const words =
        static_cast<const std::uint32_t*>(x_->xcb_get_property_value(reply.get()));
    const int count = x_->xcb_get_property_value_length(reply.get()) / 4;
    return std::find(words, words + count, word) != words + count;
}

bool X11Screen::fills_screen(xcb_window_t window) {
    const auto root_asked = x_->xcb_get_geometry(connection_, root_);
    const auto asked = x_->xcb_get_geometry(connection_, window);
    const Answer<xcb_get_geometry_reply_t> screen(
        x_->xcb_get_geometry_reply(connection_, root_asked, nullptr));
    const Answer<xcb_get_geometry_reply_t> shape(
        x_->xcb_get_geometry_reply(connection_, asked, nullptr));
    return screen != nullptr && shape != nullptr && shape->x <= 0 && shape->y <= 0 &&
           shape->x + shape->width >= screen->width && shape->y + shape->height >= screen->height;
}

std::string X11Screen::program_of(xcb_window_t window) {
    const auto process = first_word(window, process_);
    if (!process || *process == 0) return {};
    const fs::path folder = root_folder_ / "proc" / std::to_string(*process);
    std::error_code ec;
    const std::string program = fs::read_symlink(folder / "exe", ec).filename().string();
    return program.empty() ? word_in(folder / "comm") : program;
}

}  // namespace gleaner::guest
