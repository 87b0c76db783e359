#pragma once
/// Control groups (versions 1 and 2): the strict limit on memory and processes of one sandbox.
/// Optional: where the node may not make groups, resource limits alone hold (docs: sandbox.h).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace gleaner {

/// One sandbox's group. Destroying it removes it; nothing may run in it then.
class ControlGroup {
public:
    ~ControlGroup();
    ControlGroup(const ControlGroup&) = delete;
    ControlGroup& operator=(const ControlGroup&) = delete;

    /// A process joins by writing "0" to each of these.
    [[nodiscard]] const std::vector<std::string>& join_files() const { return join_files_; }
    /// Whether the kernel killed something in it for want of memory.
    [[nodiscard]] bool out_of_memory() const;
    [[nodiscard]] bool limits_memory() const { return !memory_events_.empty(); }

private:
    friend class ControlGroups;
    ControlGroup() = default;
    std::vector<std::filesystem::path> folders_;
    std::vector<std::string> join_files_;
    std::filesystem::path memory_events_;
};

/// Where this process may make groups. Paths are injectable for tests.
class ControlGroups {
public:
    /// Looks for writable controllers. With version 2 this process moves itself into a child group
    /// "gleaner-node", since a group with limits for its children may hold no process itself.
    ControlGroups(const std::filesystem::path& mount, const std::filesystem::path& self_cgroup);
    [[nodiscard]] static ControlGroups of_this_machine();

    [[nodiscard]] bool available() const {
        return !memory_v1_.empty() || !pids_v1_.empty() || !unified_.empty();
    }
    /// Null when no group can be made: resource limits must do. Also removes groups that nobody
    /// uses any more: of nodes that were killed, and of our own whose processes took long to
    /// vanish.
    [[nodiscard]] std::unique_ptr<ControlGroup> make(std::uint64_t memory_bytes,
                                                     std::uint32_t processes);

private:
    void remove_left_over() const;

    unsigned made_ = 0;
    std::filesystem::path memory_v1_;
    std::filesystem::path pids_v1_;
    std::filesystem::path unified_;
};

}  // namespace gleaner
