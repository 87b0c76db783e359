#include "client-core/platform/linux/bwrap_arguments.h"

#include <array>
#include <string_view>

namespace gleaner {

namespace {

/// What GPU drivers read to find their device and their loaders; read-only, skipped where missing.
constexpr std::array<std::string_view, 10> gpu_folders = {
    "/sys/devices", "/sys/dev/char", "/sys/class/drm", "/sys/class/kfd", "/sys/bus/pci",
    "/sys/module",  "/etc/vulkan",   "/etc/OpenCL",    "/opt/rocm",      "/etc/ld.so.cache"};

class CommandLine {
public:
    explicit CommandLine(const std::string& program) { words_.push_back(program); }
    template <class... Words>
    void add(const Words&... words) {
        (words_.emplace_back(words), ...);
    }
    [[nodiscard]] std::vector<std::string> take() { return std::move(words_); }

private:
    std::vector<std::string> words_;
};

void add_namespaces(CommandLine& line, const SandboxWeakening& weak) {
    line.add("--unshare-user", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try");
    if (!weak.share_processes) line.add("--unshare-pid");
    if (!weak.share_network) line.add("--unshare-net");
    line.add("--die-with-parent", "--new-session", "--hostname", "gleaner", "--cap-drop", "ALL");
}

void add_environment(CommandLine& line, const SandboxSpec& spec) {
    line.add("--clearenv");
    line.add("--setenv", "PATH", "/usr/bin:/bin");
    line.add("--setenv", "HOME", "/tmp");
    line.add("--setenv", "TMPDIR", "/tmp");
    line.add("--setenv", "LANG", "C.UTF-8");
    line.add("--setenv", "LD_LIBRARY_PATH", sandbox_paths::engine_dir);
    // Each arena of the C library reserves 64 MiB of address space a thread; two suffice.
    line.add("--setenv", "MALLOC_ARENA_MAX", "2");
    for (const auto& [name, value] : spec.environment) line.add("--setenv", name, value);
}

void add_devices(CommandLine& line, const SandboxSpec& spec) {
    const std::string size = std::to_string(spec.limits.tmp_bytes);
    line.add("--dev", "/dev");
    for (const auto& node : spec.device_nodes) line.add("--dev-bind", node, node);
    line.add("--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev");
    if (spec.device_nodes.empty()) return;
    for (const auto folder : gpu_folders) line.add("--ro-bind-try", folder, folder);
}

}  // namespace

std::vector<std::string> bwrap_arguments(const SandboxSpec& spec, const BwrapHost& host,
                                         const std::vector<std::string>& sources,
                                         const std::string& socket_source) {
    CommandLine line(host.bwrap_program);
    add_namespaces(line, spec.weakening);
    add_environment(line, spec);
    line.add("--ro-bind", "/usr", "/usr");
    for (const auto& folder : host.system_folders) line.add("--ro-bind", folder, folder);
    for (const auto& [target, link] : host.links) line.add("--symlink", target, link);
    if (spec.weakening.share_processes) {
        line.add("--bind", "/proc", "/proc");
    } else {
        line.add("--proc", "/proc");
    }
    add_devices(line, spec);
    line.add("--size", std::to_string(spec.limits.tmp_bytes), "--tmpfs", "/tmp");
    const char* const bind = spec.weakening.writable_paths ? "--bind" : "--ro-bind";
    for (std::size_t i = 0; i < spec.read_only.size(); ++i) {
        line.add(bind, sources[i], spec.read_only[i].inside);
    }
    if (!spec.socket_dir.empty()) line.add("--bind", socket_source, sandbox_paths::socket_dir);
    if (spec.weakening.show_host_files) line.add("--bind", "/", "/host");
    // The root is a tmpfs of unlimited size: without this it could be filled with files.
    line.add("--remount-ro", "/", "--chdir", "/tmp");
    if (!spec.weakening.no_syscall_filter) {
        line.add("--seccomp", std::to_string(host.seccomp_fd));
    }
    line.add("--info-fd", std::to_string(host.info_fd), "--");
    if (!spec.weakening.no_limits) {
        // Set inside: the kernel counts processes by user and user namespace, so outside it would
        // count everything this user runs.
        const std::string processes = std::to_string(spec.limits.processes);
        line.add(host.prlimit_program, "--nproc=" + processes + ":" + processes, "--");
    }
    for (const auto& word : spec.command) line.add(word);
    return line.take();
}

}  // namespace gleaner
