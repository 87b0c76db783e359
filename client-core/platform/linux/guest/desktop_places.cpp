#include "client-core/platform/linux/guest/desktop_places.h"

#include <sys/stat.h>

#include "client-core/platform/linux/guest/system_file.h"

namespace gleaner::guest {

namespace fs = std::filesystem;

namespace {

bool is_unix_socket(const fs::path& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

std::string value_of(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

/// A process's environment: NAME=value, each ended by a zero.
std::string value_in(std::string_view block, std::string_view name) {
    while (!block.empty()) {
        const auto end = std::min(block.find('\0'), block.size());
        const std::string_view entry = block.substr(0, end);
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
            return std::string(entry.substr(name.size() + 1));
        block.remove_prefix(std::min(end + 1, block.size()));
    }
    return {};
}

/// Authority files by display, from the environments of running programs.
std::map<std::uint32_t, fs::path> find_authorities(const fs::path& root) {
    std::map<std::uint32_t, fs::path> found;
    for (const std::int64_t pid : numbers_in(root / "proc")) {
        const auto block = read_system_file(root / "proc" / std::to_string(pid) / "environ");
        if (!block) continue;
        const auto display = local_display(value_in(*block, "DISPLAY"));
        const std::string authority = value_in(*block, "XAUTHORITY");
        const std::string home = value_in(*block, "HOME");
        if (!display) continue;
        if (!authority.empty()) {
            found[*display] = root / fs::path(authority).relative_path();
        } else if (!home.empty()) {
            found.try_emplace(*display, root / fs::path(home).relative_path() / ".Xauthority");
        }
    }
    return found;
}

/// The next part of an authority file: two bytes of length, then so many bytes.
std::optional<std::string_view> next_part(std::string_view& rest) {
    if (rest.size() < 2) return std::nullopt;
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(rest[0])) * 256 +
                               static_cast<unsigned char>(rest[1]);
    if (rest.size() < 2 + length) return std::nullopt;
    const std::string_view part = rest.substr(2, length);
    rest.remove_prefix(2 + length);
    return part;
}

}  // namespace

std::optional<std::uint32_t> local_display(std::string_view text) {
    if (text.starts_with("unix:")) text.remove_prefix(4);
    if (!text.starts_with(":")) return std::nullopt;
    return leading_number<std::uint32_t>(text.substr(1));
}

std::vector<X11Place> find_x11(const fs::path& root, const Environment& environment) {
    const fs::path folder = root / "tmp/.X11-unix";
    const auto place = [&](std::uint32_t display, fs::path authority) {
        X11Place found;
        found.display = display;
        found.socket = folder / ("X" + std::to_string(display));
        found.authority = std::move(authority);
        return found;
    };
    const std::string named = value_of(environment, "DISPLAY");
    if (!named.empty()) {
        const auto display = local_display(named);
        if (!display) return {};
        fs::path authority = value_of(environment, "XAUTHORITY");
        const std::string home = value_of(environment, "HOME");
        if (authority.empty() && !home.empty()) authority = fs::path(home) / ".Xauthority";
        return {place(*display, std::move(authority))};
    }
    std::vector<std::uint32_t> displays;
    for (const std::string& name : names_in(folder)) {
        if (!name.starts_with("X") || !is_unix_socket(folder / name)) continue;
        const auto display = leading_number<std::uint32_t>(std::string_view(name).substr(1));
        if (display) displays.push_back(*display);
    }
    if (displays.empty()) return {};
    auto authorities = find_authorities(root);
    std::vector<X11Place> found;
    for (const std::uint32_t display : displays) {
        found.push_back(place(display, authorities[display]));
    }
    return found;
}

std::vector<fs::path> find_wayland(const fs::path& root, const Environment& environment) {
    const fs::path named = value_of(environment, "WAYLAND_DISPLAY");
    if (named.is_absolute()) return {named};
    if (!named.empty()) return {fs::path(value_of(environment, "XDG_RUNTIME_DIR")) / named};
    std::vector<fs::path> found;
    for (const std::int64_t user : numbers_in(root / "run/user")) {
        const fs::path folder = root / "run/user" / std::to_string(user);
        for (const std::string& name : names_in(folder)) {
            if (name.starts_with("wayland-") && is_unix_socket(folder / name))
                found.push_back(folder / name);
        }
    }
    return found;
}

std::optional<X11Key> find_x11_key(std::string_view file, std::uint32_t display) {
    // Which machine an entry is for is not compared: names change (DHCP), and the socket is local.
    while (file.size() > 2) {
        file.remove_prefix(2);  // family of the address
        const auto address = next_part(file);
        const auto number = address ? next_part(file) : std::nullopt;
        const auto name = number ? next_part(file) : std::nullopt;
        const auto value = name ? next_part(file) : std::nullopt;
        if (!value) return std::nullopt;
        if (!number->empty() && *number != std::to_string(display)) continue;
        if (*name != "MIT-MAGIC-COOKIE-1") continue;
        return X11Key{std::string(*name), std::string(*value)};
    }
    return std::nullopt;
}

}  // namespace gleaner::guest
