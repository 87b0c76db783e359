#pragma once
/// The parent's side of a running bubblewrap: drains its output, waits for it, kills it.

#include <memory>
#include <string>

#include "client-core/platform/linux/cgroup.h"
#include "client-core/platform/linux/spawn.h"
#include "client-core/platform/sandbox.h"

namespace gleaner {

/// The reading ends of the child's pipes.
struct ChildPipes {
    UniqueFd out;
    UniqueFd err;
    UniqueFd info;  ///< bubblewrap writes {"child-pid": N, …}
};

/// Keeps the last `limit` bytes of what is appended.
class BoundedTail {
public:
    explicit BoundedTail(std::size_t limit) : limit_(limit) {}
    void append(std::string_view text);
    [[nodiscard]] std::string text() const;

private:
    std::size_t limit_;
    std::string bytes_;
};

/// The number after "child-pid" in bubblewrap's info; 0 if it is not there.
[[nodiscard]] int child_pid_from_info(std::string_view info);

[[nodiscard]] std::unique_ptr<SandboxedProcess> make_sandboxed_process(
    const boost::asio::any_io_executor& executor, SpawnedChild child, ChildPipes pipes,
    std::unique_ptr<ControlGroup> group, std::size_t stdout_bytes_max,
    std::size_t stderr_bytes_max);

}  // namespace gleaner
