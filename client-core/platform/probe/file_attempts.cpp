#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "client-core/platform/probe/attempts.h"

namespace gleaner::probe {

namespace {

struct Place {
    const char* name;
    const char* path;
};

constexpr std::array readable = {
    Place{"files_read_shadow", "/etc/shadow"}, Place{"files_read_passwd", "/etc/passwd"},
    Place{"files_read_root_home", "/root"},    Place{"files_read_home", "/home"},
    Place{"files_read_var", "/var"},           Place{"files_read_boot", "/boot"},
    Place{"files_read_media", "/media"},       Place{"files_read_kernel_memory", "/proc/kcore"},
};

constexpr std::array writable = {
    Place{"files_write_root", "/gleaner-escape"},
    Place{"files_write_usr", "/usr/gleaner-escape"},
    Place{"files_write_programs", "/usr/bin/gleaner-escape"},
    Place{"files_write_engine", "/engine/gleaner-escape"},
    Place{"files_write_dev", "/dev/gleaner-escape"},
    Place{"files_write_run", "/run/gleaner-escape"},
};

constexpr std::array settings = {
    Place{"files_set_core_pattern", "/proc/sys/kernel/core_pattern"},
    Place{"files_set_modprobe", "/proc/sys/kernel/modprobe"},
    Place{"files_set_sysrq", "/proc/sysrq-trigger"},
    Place{"files_set_uevent_helper", "/sys/kernel/uevent_helper"},
    Place{"files_set_model", "/model.gguf"},
};

/// Mounts that must be read-only even for their owner; skipped where nothing is mounted.
constexpr std::array mounts = {
    Place{"files_read_only_root", "/"},
    Place{"files_read_only_usr", "/usr"},
    Place{"files_read_only_engine", "/engine"},
    Place{"files_read_only_model", "/model.gguf"},
    Place{"files_read_only_probe", "/probe/gleaner-probe"},
};

constexpr std::array foreign_devices = {
    Place{"devices_memory", "/dev/mem"},     Place{"devices_kernel_log", "/dev/kmsg"},
    Place{"devices_ports", "/dev/port"},     Place{"devices_fuse", "/dev/fuse"},
    Place{"devices_kvm", "/dev/kvm"},        Place{"devices_tunnel", "/dev/net/tun"},
    Place{"devices_disk_a", "/dev/sda"},     Place{"devices_disk_v", "/dev/vda"},
    Place{"devices_disk_n", "/dev/nvme0n1"}, Place{"devices_loop", "/dev/loop-control"},
    Place{"devices_input", "/dev/input"},    Place{"devices_sound", "/dev/snd"},
    Place{"devices_camera", "/dev/video0"},
};

const std::vector<std::string> usual_devices = {"core",   "fd",     "full",    "null",   "ptmx",
                                                "pts",    "random", "shm",     "stderr", "stdin",
                                                "stdout", "tty",    "urandom", "zero",   "console"};
const std::vector<std::string> usual_root_entries = {"bin",    "dev",  "lib",  "lib32", "lib64",
                                                     "libx32", "proc", "sbin", "tmp",   "usr"};

void attempt_open(const Place& place, int flags, Attempts& attempts) {
    const int fd = open(place.path, flags | O_CLOEXEC, 0600);
    attempts.record_failure(place.name, fd);
    if (fd < 0) return;
    close(fd);
    if ((flags & O_CREAT) != 0) unlink(place.path);
}

/// The host's files under any name: directly, through process 1, through the victim, below any
/// entry of the root.
void look_for_canary(const HostFacts& host, Attempts& attempts) {
    std::vector<std::string> tops = {"", "/proc/1/root", "/proc/1/cwd",
                                     "/proc/" + std::to_string(host.victim_pid) + "/root",
                                     "/proc/self/root/.."};
    for (const auto& name : entries_of("/")) tops.push_back("/" + name);
    for (const auto& top : tops) {
        const std::string path = top + host.canary_file;
        const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        close(fd);
        attempts.record("files_host_canary", true, "read through " + path);
        return;
    }
    attempts.record("files_host_canary", false, "not found");
}

void look_for_strangers(const char* name, const std::string& folder,
                        const std::vector<std::string>& usual,
                        const std::vector<std::string>& handed_in, Attempts& attempts) {
    std::string found;
    for (const auto& entry : entries_of(folder)) {
        if (!contains(usual, entry) && !contains(handed_in, entry)) found += " " + entry;
    }
    attempts.record(name, !found.empty(), found.empty() ? "none" : "seen:" + found);
}

}  // namespace

void attempt_files(const HostFacts& host, Attempts& attempts) {
    for (const Place& place : readable) attempt_open(place, O_RDONLY, attempts);
    for (const Place& place : writable) attempt_open(place, O_WRONLY | O_CREAT | O_EXCL, attempts);
    for (const Place& place : settings) attempt_open(place, O_WRONLY, attempts);
    for (const Place& place : mounts) {
        struct statvfs facts {};
        if (statvfs(place.path, &facts) != 0) continue;
        const bool read_only = (facts.f_flag & ST_RDONLY) != 0;
        attempts.record(place.name, !read_only, read_only ? "read-only" : "mounted writable");
    }
    struct statvfs facts {};
    const bool nosuid = statvfs("/usr", &facts) == 0 && (facts.f_flag & ST_NOSUID) != 0;
    attempts.record("files_setuid_programs", !nosuid, nosuid ? "ignored" : "honoured below /usr");
    look_for_canary(host, attempts);
    look_for_strangers("files_root_entries", "/", usual_root_entries, host.root_entries, attempts);
}

void attempt_devices(const HostFacts& host, Attempts& attempts) {
    for (const Place& place : foreign_devices) attempt_open(place, O_RDONLY, attempts);
    attempts.record_failure("devices_make_character",
                            mknod("/tmp/gleaner-mem", S_IFCHR | 0600, makedev(1, 1)));
    attempts.record_failure("devices_make_block",
                            mknod("/tmp/gleaner-disk", S_IFBLK | 0600, makedev(8, 0)));
    look_for_strangers("devices_entries", "/dev", usual_devices, host.device_nodes, attempts);
}

}  // namespace gleaner::probe
