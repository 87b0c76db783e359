#pragma once
/// Starts a program with limits, priorities and identity set between fork and exec. The child makes
/// system calls only (no allocation, no locks), since other threads may hold any lock at the fork.

#include <string>
#include <sys/resource.h>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "shared/util/result.h"

namespace gleaner {

/// A file descriptor that closes itself.
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept;
    ~UniqueFd();
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    void reset();

private:
    int fd_ = -1;
};

/// A source made reachable for an unprivileged user: bind-mounted, in a mount namespace that only
/// the child has, from `source` (looked up as root) to `target`, an entry of the stage.
struct StagedPath {
    std::string source;
    std::string target;
    bool folder = false;
};

/// Who the child becomes. Only for a node that runs as root.
struct ChildIdentity {
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> further_groups;
    std::string stage;  ///< an existing empty folder; a tmpfs covers it in the child's namespace
    std::vector<StagedPath> staged;
};

struct SpawnPlan {
    std::vector<std::string> argv;  ///< argv[0] is the absolute program; environment is empty
    std::vector<std::pair<int, int>> files;  ///< (ours, theirs); every other descriptor is closed
    std::vector<std::pair<int, rlimit>> limits;
    std::vector<std::string> join_files;  ///< control groups to enter
    int niceness = 0;
    bool idle_priority = false;
    bool become_other_user = false;
    ChildIdentity identity;
};

struct SpawnedChild {
    pid_t pid = 0;
    UniqueFd pidfd;
};

/// Blocks until the child has executed its program or failed to. The child gets SIGKILL when the
/// calling thread ends. Errors name the step that failed.
[[nodiscard]] Result<SpawnedChild> spawn(const SpawnPlan& plan);

}  // namespace gleaner
