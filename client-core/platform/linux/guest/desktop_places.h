#pragma once
/// Where the desktops of this machine can be reached: X servers with their keys, Wayland
/// compositors. From the environment, or, for a daemon, from what those who are signed in have.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::guest {

using Environment = std::map<std::string, std::string>;

struct X11Place {
    std::uint32_t display = 0;
    std::filesystem::path socket;     ///< /tmp/.X11-unix/X<display>
    std::filesystem::path authority;  ///< file with the key; empty: none is known

    friend bool operator==(const X11Place&, const X11Place&) = default;
};

/// A key to an X server, as its protocol takes it.
struct X11Key {
    std::string name;  ///< "MIT-MAGIC-COOKIE-1"
    std::string value;
};

/// 7 for ":7" and ":7.0"; nothing for a display on another machine.
[[nodiscard]] std::optional<std::uint32_t> local_display(std::string_view text);

/// With DISPLAY in the environment only that; else all sockets, with the XAUTHORITY of some process
/// of that display (needs root to read other people's).
[[nodiscard]] std::vector<X11Place> find_x11(const std::filesystem::path& root,
                                             const Environment& environment);

/// With WAYLAND_DISPLAY only that; else all sockets below /run/user.
[[nodiscard]] std::vector<std::filesystem::path> find_wayland(const std::filesystem::path& root,
                                                              const Environment& environment);

/// The key of a display in the text of an authority file (Xau's format). Nothing if there is none
/// or the file is damaged.
[[nodiscard]] std::optional<X11Key> find_x11_key(std::string_view file, std::uint32_t display);

}  // namespace gleaner::guest
