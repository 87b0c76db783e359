#include "client-core/platform/probe/attempts.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fstream>

namespace gleaner::probe {

void Attempts::record(std::string_view name, bool escaped, std::string detail) {
    all_.push_back({std::string(name), escaped, std::move(detail)});
}

void Attempts::record_call(std::string_view name, long result) {
    const int error = errno;
    const bool refused = result < 0 && (error == EPERM || error == EACCES || error == ENOSYS ||
                                        error == EAFNOSUPPORT);
    record(name, !refused, result < 0 ? std::strerror(error) : "it worked");
}

void Attempts::record_failure(std::string_view name, long result) {
    record(name, result >= 0, result < 0 ? std::strerror(errno) : "it worked");
}

std::string status_field(std::string_view name) {
    std::ifstream in("/proc/self/status");
    std::string line;
    while (std::getline(in, line)) {
        if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':')
            continue;
        const auto value = line.find_first_not_of(" \t", name.size() + 1);
        return value == std::string::npos ? "" : line.substr(value);
    }
    return {};
}

std::vector<std::string> entries_of(const std::string& folder) {
    std::vector<std::string> names;
    DIR* const directory = opendir(folder.c_str());
    if (directory == nullptr) return names;
    while (const dirent* entry = readdir(directory)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    closedir(directory);
    return names;
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace gleaner::probe
