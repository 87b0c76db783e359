#pragma once
/// Where foreign work runs: a process that sees only what it is handed. Not a scheduler, not a
/// supervisor: it starts one program, tells when it ended and why, and can kill all of it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "shared/util/result.h"

namespace gleaner {

/// Names inside the sandbox, the same on every system that has such paths.
namespace sandbox_paths {
inline constexpr std::string_view engine_dir = "/engine";
inline constexpr std::string_view model_file = "/model.gguf";
inline constexpr std::string_view socket_dir = "/run/engine";
}  // namespace sandbox_paths

/// Upper bounds for everything in one sandbox together (memory, tmp, processes) or for each of its
/// processes (open files, file size). All must be > 0.
struct SandboxLimits {
    std::uint64_t memory_bytes = 4ULL << 30;  ///< anonymous memory; mapped model pages excluded
    std::uint64_t mapped_bytes = 0;           ///< read-only files it will map (the model's size)
    std::uint64_t tmp_bytes = 64ULL << 20;    ///< /tmp and /dev/shm, each
    std::uint64_t file_bytes = 64ULL << 20;   ///< largest file it may write
    std::uint32_t processes = 256;            ///< processes and threads
    std::uint32_t open_files = 1024;
};

/// Memory limits are enforced with this much room on top: stacks and allocator arenas of threads
/// count as memory although they are hardly used.
inline constexpr std::uint64_t memory_tolerance_bytes = 512ULL << 20;
/// And address space, where it is limited, with this much: it is reserved rather than used.
inline constexpr std::uint64_t address_space_tolerance_bytes = 8ULL << 30;

/// A file or folder of the host, shown read-only at `inside`. If the node runs as root, the program
/// does not: files must then be readable by everybody (their parent folders need not be).
struct ReadOnlyPath {
    std::filesystem::path host;
    std::string inside;
};

/// Protections taken away on purpose, to prove that the escape probe notices. Only tests set these;
/// no configuration reaches them.
struct SandboxWeakening {
    bool share_network = false;
    bool share_processes = false;
    bool writable_paths = false;  ///< read_only paths are bound writable
    bool no_syscall_filter = false;
    bool no_limits = false;
    bool show_host_files = false;  ///< the host's / appears at /host
    [[nodiscard]] bool any() const {
        return share_network || share_processes || writable_paths || no_syscall_filter ||
               no_limits || show_host_files;
    }
};

struct SandboxSpec {
    std::vector<std::string> command;  ///< argv; paths as seen inside
    std::vector<ReadOnlyPath> read_only;
    /// The one folder the sandbox may write that the host sees, at sandbox_paths::socket_dir.
    /// Empty: none. It must exist; it is handed to the sandbox's user if the node runs as root.
    std::filesystem::path socket_dir;
    /// Device nodes of the chosen GPU (see gpu_device_nodes in devices.h). Empty: no GPU.
    std::vector<std::filesystem::path> device_nodes;
    std::vector<std::pair<std::string, std::string>> environment;  ///< beyond PATH, HOME, LANG, …
    SandboxLimits limits;
    int niceness = 0;            ///< 0..19
    bool idle_priority = false;  ///< SCHED_IDLE: runs only when nobody else wants the CPU
    std::size_t stdout_bytes_max = 16 << 10;  ///< the tail that is kept
    std::size_t stderr_bytes_max = 16 << 10;
    SandboxWeakening weakening;
};

/// How a sandboxed program ended.
struct ProcessExit {
    int code = 0;                ///< exit status; 128 + signal if a signal ended it
    bool killed_by_us = false;   ///< kill() or terminate() was called, or the handle destroyed
    bool out_of_memory = false;  ///< the kernel killed it at its memory limit
    [[nodiscard]] bool clean() const { return code == 0; }
    friend bool operator==(const ProcessExit&, const ProcessExit&) = default;
};

/// A started program. Single-threaded: use it on the executor it was started with, on the thread
/// that started it (the kernel ties "dies with its parent" to that thread).
/// Destroying it kills everything in the sandbox at once (SIGKILL) and does not wait.
class SandboxedProcess {
public:
    virtual ~SandboxedProcess() = default;
    /// Returns when the program and everything it started is gone and its memory is free. Any
    /// number may wait. Cancelling a wait throws operation_aborted and leaves the process alone.
    [[nodiscard]] virtual boost::asio::awaitable<ProcessExit> wait() = 0;
    [[nodiscard]] virtual bool running() const = 0;
    /// Asks the program to end (SIGTERM); false if it could not be asked (use kill()).
    [[nodiscard]] virtual bool terminate() = 0;
    /// Ends the program and its children at once (SIGKILL). Idempotent.
    virtual void kill() = 0;
    /// Stops the program where it is: it keeps its memory and computes nothing until resume();
    /// kill() ends it all the same. False if it could not be stopped (it has ended, or is only
    /// starting).
    [[nodiscard]] virtual bool suspend() = 0;
    virtual void resume() = 0;
    /// What it wrote last; bounded by the spec. For diagnosis and for programs that print a result.
    [[nodiscard]] virtual std::string stdout_tail() const = 0;
    [[nodiscard]] virtual std::string stderr_tail() const = 0;
    /// The host's id of the program itself, 0 if not known (yet) or ended.
    [[nodiscard]] virtual int host_pid() const = 0;
};

class Sandbox {
public:
    virtual ~Sandbox() = default;
    /// Starts `spec.command`. Blocks for the fork only (about a millisecond). Errors:
    /// invalid_argument for a spec that cannot hold, not_found for a missing path, unsupported if
    /// this machine cannot sandbox (the message says what to install or allow).
    [[nodiscard]] virtual Result<std::unique_ptr<SandboxedProcess>> start(
        const SandboxSpec& spec, const boost::asio::any_io_executor& executor) = 0;
};

}  // namespace gleaner
