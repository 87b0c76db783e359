#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client-core/platform/probe/attempts.h"

namespace gleaner::probe {

namespace {

/// Processes that belong in here: bubblewrap as process 1, this program and its children.
bool belongs_here(const std::string& pid) {
    std::ifstream in("/proc/" + pid + "/comm");
    std::string name;
    std::getline(in, name);
    return name.empty() || name == "bwrap" || name == "gleaner-probe";
}

void look_for_processes(Attempts& attempts) {
    std::string found;
    for (const auto& entry : entries_of("/proc")) {
        const bool number = std::all_of(entry.begin(), entry.end(),
                                        [](unsigned char c) { return std::isdigit(c) != 0; });
        if (number && !belongs_here(entry) && found.size() < 200) found += " " + entry;
    }
    attempts.record("processes_visible", !found.empty(), found.empty() ? "none" : "seen:" + found);
}

/// Field 22 of /proc/<pid>/stat, counted after the parenthesised name.
std::uint64_t start_of(int pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(in, line);
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(line.substr(name_end + 1));
    std::string field;
    for (int number = 3; number <= 22; ++number) fields >> field;
    return std::strtoull(field.c_str(), nullptr, 10);
}

void attempt_victim(const HostFacts& host, Attempts& attempts) {
    // A number that exists in here names one of our own processes.
    const bool same = start_of(host.victim_pid) == host.victim_start;
    attempts.record("processes_see_host", same, same ? "found in /proc" : "not there");
    const bool signalled = ::kill(host.victim_pid, 0) == 0 && same;
    attempts.record("processes_signal_host", signalled, signalled ? "it worked" : "refused");
    const long traced = ptrace(PTRACE_SEIZE, host.victim_pid, nullptr, nullptr);
    attempts.record("processes_trace_host", traced == 0 && same,
                    traced == 0 ? "reached" : "refused");
    if (traced == 0) ptrace(PTRACE_DETACH, host.victim_pid, nullptr, nullptr);
}

void attempt_own_memory(Attempts& attempts) {
    char from[8] = "secret";
    char to[8] = {};
    const iovec local{to, sizeof to};
    const iovec remote{from, sizeof from};
    // On itself this needs no privilege: only the filter can refuse it.
    attempts.record_call("processes_read_memory",
                         process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
    attempts.record_call("processes_write_memory",
                         process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
    attempts.record_call("processes_take_files", syscall(SYS_pidfd_getfd, -1, 0, 0));
}

void attempt_trace_me(Attempts& attempts) {
    const pid_t child = fork();
    if (child == 0) _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 1 : 0);
    int status = 0;
    waitpid(child, &status, 0);
    const bool traced = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    attempts.record("processes_trace", child < 0 || traced, traced ? "it worked" : "refused");
}

void look_at_status(Attempts& attempts) {
    for (const char* const set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
        const std::string value = status_field(set);
        const bool none = value.find_first_not_of('0') == std::string::npos && !value.empty();
        attempts.record("privileges_" + std::string(set), !none, value);
    }
    const std::string no_new = status_field("NoNewPrivs");
    attempts.record("privileges_new_by_exec", no_new != "1", "NoNewPrivs " + no_new);
    const std::string filter = status_field("Seccomp");
    attempts.record("privileges_unfiltered", filter != "2", "Seccomp " + filter);
}

void attempt_inherited(const HostFacts& host, Attempts& attempts) {
    std::string files;
    for (const auto& name : entries_of("/proc/self/fd")) {
        const int fd = std::atoi(name.c_str());
        // The folder being listed has a descriptor too; it is closed by now.
        if (fd > 2 && fcntl(fd, F_GETFD) >= 0) files += " " + name;
    }
    attempts.record("inherited_files", !files.empty(), files.empty() ? "none" : "open:" + files);
    static const std::vector<std::string> usual = {
        "PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "MALLOC_ARENA_MAX", "PWD"};
    std::string names;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string text = *variable;
        const std::string name = text.substr(0, text.find('='));
        if (!contains(usual, name) && !contains(host.environment, name)) names += " " + name;
    }
    attempts.record("inherited_environment", !names.empty(),
                    names.empty() ? "none" : "seen:" + names);
    utsname names_of_host{};
    const bool own = uname(&names_of_host) == 0 && std::string(names_of_host.nodename) == "gleaner";
    attempts.record("inherited_host_name", !own, own ? "hidden" : "visible");
}

}  // namespace

void attempt_processes(const HostFacts& host, Attempts& attempts) {
    look_for_processes(attempts);
    attempt_victim(host, attempts);
    attempt_own_memory(attempts);
    attempt_trace_me(attempts);
    attempt_inherited(host, attempts);
    char character = 'x';
    attempts.record_call("processes_type_into_terminal", ioctl(0, TIOCSTI, &character));
}

void attempt_privileges(const HostFacts& /*host*/, Attempts& attempts) {
    look_at_status(attempts);
    if (getuid() != 0) attempts.record_failure("privileges_setuid", setuid(0));
    if (getgid() != 0) attempts.record_failure("privileges_setgid", setgid(0));
    const gid_t root_group = 0;
    attempts.record_failure("privileges_setgroups", setgroups(1, &root_group));
    attempts.record_call("privileges_user_namespace", unshare(CLONE_NEWUSER));
    attempts.record_call("privileges_mount_namespace", unshare(CLONE_NEWNS));
    attempts.record_call("privileges_network_namespace", unshare(CLONE_NEWNET));
    const long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0);
    if (child == 0) _exit(0);
    attempts.record_call("privileges_clone_user_namespace", child);
    if (child > 0) waitpid(static_cast<pid_t>(child), nullptr, 0);
    attempts.record_call("privileges_clone3", syscall(SYS_clone3, nullptr, 0));
    attempts.record_call("privileges_setns", setns(-1, 0));
    attempts.record_call("privileges_mount", mount("none", "/gleaner-none", "tmpfs", 0, nullptr));
    attempts.record_call("privileges_unmount", umount2("/gleaner-none", MNT_DETACH));
    attempts.record_call("privileges_open_tree", syscall(SYS_open_tree, -1, "/", 0));
    attempts.record_call("privileges_chroot", chroot("/gleaner-none"));
    attempts.record_call("privileges_pivot_root",
                         syscall(SYS_pivot_root, "/gleaner-none", "/gleaner-none"));
}

}  // namespace gleaner::probe
