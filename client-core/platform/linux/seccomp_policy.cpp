#include "client-core/platform/linux/seccomp_policy.h"

#include <array>
#include <cerrno>
#include <memory>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

namespace gleaner {

namespace {

constexpr std::array refused = {
    // Other processes.
    RefusedCall{"ptrace", "reads and steers other processes"},
    RefusedCall{"process_vm_readv", "reads other processes' memory"},
    RefusedCall{"process_vm_writev", "writes other processes' memory"},
    RefusedCall{"process_madvise", "changes other processes' memory"},
    RefusedCall{"process_mrelease", "changes other processes' memory"},
    RefusedCall{"pidfd_getfd", "takes other processes' files"},
    RefusedCall{"kcmp", "compares other processes' kernel objects"},
    // Views of the file system.
    RefusedCall{"mount", "changes the view of files"},
    RefusedCall{"umount", "changes the view of files"},
    RefusedCall{"umount2", "changes the view of files"},
    RefusedCall{"move_mount", "changes the view of files"},
    RefusedCall{"open_tree", "changes the view of files"},
    RefusedCall{"fsopen", "changes the view of files"},
    RefusedCall{"fsconfig", "changes the view of files"},
    RefusedCall{"fsmount", "changes the view of files"},
    RefusedCall{"fspick", "changes the view of files"},
    RefusedCall{"mount_setattr", "changes the view of files"},
    RefusedCall{"pivot_root", "changes the view of files"},
    RefusedCall{"chroot", "changes the view of files"},
    RefusedCall{"open_by_handle_at", "opens files by number, around paths"},
    RefusedCall{"name_to_handle_at", "opens files by number, around paths"},
    RefusedCall{"fanotify_init", "watches files of others"},
    RefusedCall{"quotactl", "administers file systems"},
    RefusedCall{"swapon", "administers memory"},
    RefusedCall{"swapoff", "administers memory"},
    // Namespaces and personalities.
    RefusedCall{"unshare", "creates namespaces, a door to kernel bugs"},
    RefusedCall{"setns", "enters namespaces"},
    RefusedCall{"personality", "turns off address randomisation"},
    RefusedCall{"modify_ldt", "old interface, past kernel bugs"},
    RefusedCall{"vm86", "old interface, past kernel bugs"},
    RefusedCall{"vm86old", "old interface, past kernel bugs"},
    RefusedCall{"uselib", "old interface, past kernel bugs"},
    RefusedCall{"lookup_dcookie", "old interface, past kernel bugs"},
    RefusedCall{"nfsservctl", "old interface, past kernel bugs"},
    // Large kernel interfaces that an engine does not need.
    RefusedCall{"bpf", "loads code into the kernel"},
    RefusedCall{"perf_event_open", "observes the machine"},
    RefusedCall{"io_uring_setup", "makes system calls that this filter cannot see"},
    RefusedCall{"io_uring_enter", "makes system calls that this filter cannot see"},
    RefusedCall{"io_uring_register", "makes system calls that this filter cannot see"},
    RefusedCall{"userfaultfd", "helps to exploit kernel races"},
    RefusedCall{"keyctl", "kernel keyrings are not separated by namespaces"},
    RefusedCall{"add_key", "kernel keyrings are not separated by namespaces"},
    RefusedCall{"request_key", "kernel keyrings are not separated by namespaces"},
    RefusedCall{"init_module", "loads kernel modules"},
    RefusedCall{"finit_module", "loads kernel modules"},
    RefusedCall{"delete_module", "unloads kernel modules"},
    RefusedCall{"create_module", "loads kernel modules"},
    RefusedCall{"kexec_load", "replaces the kernel"},
    RefusedCall{"kexec_file_load", "replaces the kernel"},
    RefusedCall{"reboot", "stops the machine"},
    RefusedCall{"acct", "administers the machine"},
    RefusedCall{"syslog", "reads the kernel's log"},
    RefusedCall{"settimeofday", "sets the machine's clock"},
    RefusedCall{"clock_settime", "sets the machine's clock"},
    RefusedCall{"clock_adjtime", "sets the machine's clock"},
    RefusedCall{"adjtimex", "sets the machine's clock"},
    RefusedCall{"iopl", "touches hardware ports"},
    RefusedCall{"ioperm", "touches hardware ports"},
    RefusedCall{"sethostname", "renames the machine"},
    RefusedCall{"setdomainname", "renames the machine"},
    RefusedCall{"vhangup", "takes terminals away"},
    // Memory that RLIMIT_DATA does not count.
    RefusedCall{"shmget", "shared memory outside the memory limit"},
    RefusedCall{"msgget", "queues outside the memory limit"},
    RefusedCall{"semget", "queues outside the memory limit"},
    RefusedCall{"mq_open", "queues outside the memory limit"},
    RefusedCall{"memfd_secret", "memory outside the memory limit"},
};

constexpr std::array namespace_flags = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                        CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};
constexpr std::array terminal_requests = {TIOCSTI, TIOCLINUX};
/// The kernel looks at 32 bits of an ioctl request; so must the filter.
constexpr std::uint64_t low_half = 0xffffffffULL;

class Filter {
public:
    Filter() : context_(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release) {}

    void refuse(const char* name, int error) { refuse_when(name, error, 0, {}); }
    void refuse_when(const char* name, int error, unsigned conditions, scmp_arg_cmp condition) {
        const int number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR || !context_) return;
        const int rc = seccomp_rule_add_array(context_.get(),
                                              SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)),
                                              number, conditions, &condition);
        // -EDOM: this architecture has no such call.
        if (rc != 0 && rc != -EDOM && failure_ == 0) failure_ = -rc;
    }

    [[nodiscard]] Result<std::vector<std::uint8_t>> program() {
        if (!context_) return Error(ErrorCode::unsupported, "libseccomp refused to start a filter");
        if (failure_ != 0) return error_from_errno("building the system call filter", failure_);
        const int file = memfd_create("gleaner-seccomp", MFD_CLOEXEC);
        if (file < 0) return error_from_errno("memfd_create for the system call filter", errno);
        std::vector<std::uint8_t> bytes;
        const int rc = seccomp_export_bpf(context_.get(), file);
        const off_t size = rc == 0 ? lseek(file, 0, SEEK_END) : -1;
        bool read_all = false;
        if (size > 0) {
            bytes.resize(static_cast<std::size_t>(size));
            read_all = pread(file, bytes.data(), bytes.size(), 0) == size;
        }
        close(file);
        if (!read_all) return error_from_errno("exporting the system call filter", rc ? -rc : EIO);
        return bytes;
    }

private:
    std::unique_ptr<void, decltype(&seccomp_release)> context_;
    int failure_ = 0;
};

}  // namespace

std::span<const RefusedCall> refused_calls() {
    return refused;
}

Result<std::vector<std::uint8_t>> seccomp_program(const SyscallPolicy& policy) {
    Filter filter;
    for (const auto& call : refused) filter.refuse(call.name.data(), EPERM);
    if (!policy.allow_memfd) filter.refuse("memfd_create", EPERM);
    filter.refuse("clone3", ENOSYS);
    for (const int flag : namespace_flags) {
        const auto bits = static_cast<std::uint64_t>(static_cast<unsigned>(flag));
        filter.refuse_when("clone", EPERM, 1, SCMP_A0(SCMP_CMP_MASKED_EQ, bits, bits));
    }
    for (const int request : terminal_requests) {
        filter.refuse_when("ioctl", EPERM, 1,
                           SCMP_A1(SCMP_CMP_MASKED_EQ, low_half,
                                   static_cast<std::uint64_t>(static_cast<unsigned>(request))));
    }
    // All 64 bits are compared: a domain with stray upper bits is refused, never let through.
    filter.refuse_when("socket", EAFNOSUPPORT, 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX));
    filter.refuse_when("socketpair", EAFNOSUPPORT, 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX));
    return filter.program();
}

}  // namespace gleaner
