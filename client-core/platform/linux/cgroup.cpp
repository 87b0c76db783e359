#include "client-core/platform/linux/cgroup.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <signal.h>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace gleaner {

namespace fs = std::filesystem;

namespace {

/// Followed by the node's process id and a number.
constexpr std::string_view group_prefix = "gleaner-engine-";

bool write_file(const fs::path& path, const std::string& text) {
    std::ofstream out(path);
    out << text;
    out.flush();
    return out.good();
}

bool writable(const fs::path& folder) {
    return access(folder.c_str(), W_OK | X_OK) == 0;
}

/// The folder below `mount` for one line's path of /proc/self/cgroup ("/a/b" → mount/a/b).
fs::path below(const fs::path& mount, const std::string& path) {
    return mount / fs::path(path).relative_path();
}

bool has_word(const fs::path& file, const std::string& word) {
    std::ifstream in(file);
    std::string read;
    while (in >> read) {
        if (read == word) return true;
    }
    return false;
}

/// Moves this process aside and lets the children of `own` have memory and process limits.
bool delegate_unified(const fs::path& own) {
    std::error_code ec;
    if (!writable(own) || !has_word(own / "cgroup.controllers", "memory")) return false;
    const fs::path node = own / "gleaner-node";
    fs::create_directory(node, ec);
    if (ec || !write_file(node / "cgroup.procs", "0")) return false;
    return write_file(own / "cgroup.subtree_control", "+memory +pids");
}

}  // namespace

ControlGroups::ControlGroups(const fs::path& mount, const fs::path& self_cgroup) {
    std::ifstream in(self_cgroup);
    std::string line;
    while (std::getline(in, line)) {  // hierarchy:controllers:path
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(second + 1);
        if (controllers == "memory" && writable(below(mount / "memory", path))) {
            memory_v1_ = below(mount / "memory", path);
        } else if (controllers == "pids" && writable(below(mount / "pids", path))) {
            pids_v1_ = below(mount / "pids", path);
        } else if (controllers.empty() && delegate_unified(below(mount, path))) {
            unified_ = below(mount, path);
        }
    }
}

ControlGroups ControlGroups::of_this_machine() {
    return {"/sys/fs/cgroup", "/proc/self/cgroup"};
}

void ControlGroups::remove_left_over() const {
    for (const fs::path& parent : {unified_, memory_v1_, pids_v1_}) {
        std::error_code ec;
        if (parent.empty()) continue;
        for (const auto& entry : fs::directory_iterator(parent, ec)) {
            const std::string name = entry.path().filename().string();
            if (!name.starts_with(group_prefix)) continue;
            const auto pid =
                static_cast<pid_t>(std::strtol(name.c_str() + group_prefix.size(), nullptr, 10));
            const bool of_another_node = pid != getpid() && (kill(pid, 0) == 0 || errno == EPERM);
            // The kernel refuses to remove a group in which something runs.
            if (!of_another_node) rmdir(entry.path().c_str());
        }
    }
}

std::unique_ptr<ControlGroup> ControlGroups::make(std::uint64_t memory_bytes,
                                                  std::uint32_t processes) {
    remove_left_over();
    const std::string name =
        std::string(group_prefix) + std::to_string(getpid()) + "-" + std::to_string(++made_);
    std::unique_ptr<ControlGroup> group(new ControlGroup);
    std::error_code ec;
    // Makes the folder, sets its limits; on failure leaves no trace.
    const auto add = [&](const fs::path& parent, auto... limits) {
        const fs::path folder = parent / name;
        if (parent.empty() || (!fs::create_directory(folder, ec) && ec)) return false;
        group->folders_.push_back(folder);
        if (!(write_file(folder / limits.first, limits.second) && ...)) return false;
        group->join_files_.push_back(folder / "cgroup.procs");
        return true;
    };
    using Limit = std::pair<const char*, std::string>;
    const std::string memory = std::to_string(memory_bytes);
    const std::string count = std::to_string(processes);
    if (add(unified_, Limit{"memory.max", memory}, Limit{"pids.max", count})) {
        group->memory_events_ = group->folders_.back() / "memory.events";
        write_file(group->folders_.back() / "memory.swap.max", "0");
        return group;
    }
    if (add(memory_v1_, Limit{"memory.limit_in_bytes", memory})) {
        group->memory_events_ = group->folders_.back() / "memory.oom_control";
    }
    static_cast<void>(add(pids_v1_, Limit{"pids.max", count}));
    if (group->join_files_.empty()) return nullptr;
    return group;
}

ControlGroup::~ControlGroup() {
    for (const auto& folder : folders_) rmdir(folder.c_str());
}

bool ControlGroup::out_of_memory() const {
    if (memory_events_.empty()) return false;
    std::ifstream in(memory_events_);
    std::string word;
    long count = 0;
    while (in >> word >> count) {
        if (word == "oom_kill" && count > 0) return true;
    }
    return false;
}

}  // namespace gleaner
