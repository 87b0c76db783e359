#include "client-core/platform/linux/guest/system_file.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "client-core/platform/linux/spawn.h"

namespace gleaner::guest {

namespace fs = std::filesystem;

namespace {

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// readdir as such: std::filesystem asks for the status of what the file system does not tell.
template <class See>
void each_name(const fs::path& folder, See see) {
    DIR* const open = opendir(folder.c_str());
    if (open == nullptr) return;
    while (const dirent* const entry = readdir(open)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") see(name);
    }
    closedir(open);
}

}  // namespace

std::optional<std::string> read_system_file(const fs::path& file, std::size_t bytes_max) {
    const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) return std::nullopt;
    std::string text;
    while (text.size() < bytes_max) {
        const std::size_t before = text.size();
        text.resize(std::min(bytes_max, before + 4096));
        const ssize_t got = read(fd.get(), text.data() + before, text.size() - before);
        text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0 && errno == EINTR) continue;
        // A process or a device may vanish between opening and reading.
        if (got < 0) return std::nullopt;
        if (got == 0) break;
    }
    return text;
}

std::string word_in(const fs::path& file) {
    const auto text = read_system_file(file, 4096);
    return text ? std::string(without_blanks(*text)) : std::string();
}

std::optional<std::string_view> line_value(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
            return without_blanks(line.substr(name.size() + 1));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::nullopt;
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    each_name(folder, [&](std::string_view name) { names.emplace_back(name); });
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::int64_t> numbers_in(const fs::path& folder) {
    std::vector<std::int64_t> numbers;
    each_name(folder, [&](std::string_view name) {
        std::int64_t number = 0;
        const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (problem == std::errc{} && end == name.data() + name.size()) numbers.push_back(number);
    });
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace gleaner::guest
