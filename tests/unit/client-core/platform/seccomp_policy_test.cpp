// The exported filter is run by a small interpreter of classic BPF, so that what the kernel will
// decide is tested without making the calls.
#include "client-core/platform/linux/seccomp_policy.h"

#include <cerrno>
#include <cstring>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <set>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

class Interpreter {
public:
    explicit Interpreter(const SyscallPolicy& policy) {
        const auto bytes = seccomp_program(policy);
        REQUIRE(bytes);
        REQUIRE(bytes.value().size() % sizeof(sock_filter) == 0);
        program_.resize(bytes.value().size() / sizeof(sock_filter));
        std::memcpy(program_.data(), bytes.value().data(), bytes.value().size());
    }

    /// The filter's verdict (SECCOMP_RET_…) on a call.
    [[nodiscard]] std::uint32_t verdict(long number, std::uint64_t first = 0,
                                        std::uint64_t second = 0,
                                        std::uint32_t architecture = AUDIT_ARCH_X86_64) const {
        seccomp_data data{};
        data.nr = static_cast<int>(number);
        data.arch = architecture;
        data.args[0] = first;
        data.args[1] = second;
        return run(data);
    }

private:
    [[nodiscard]] std::uint32_t run(const seccomp_data& data) const {
        std::uint32_t accumulator = 0;
        for (std::size_t at = 0; at < program_.size(); ++at) {
            const sock_filter& step = program_[at];
            switch (step.code) {
                case BPF_LD | BPF_W | BPF_ABS:
                    std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + step.k, 4);
                    break;
                case BPF_ALU | BPF_AND | BPF_K:
                    accumulator &= step.k;
                    break;
                case BPF_JMP | BPF_JA:
                    at += step.k;
                    break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                    at += accumulator == step.k ? step.jt : step.jf;
                    break;
                case BPF_JMP | BPF_JGE | BPF_K:
                    at += accumulator >= step.k ? step.jt : step.jf;
                    break;
                case BPF_JMP | BPF_JGT | BPF_K:
                    at += accumulator > step.k ? step.jt : step.jf;
                    break;
                case BPF_RET | BPF_K:
                    return step.k;
                default:
                    FAIL("the interpreter does not know code " << step.code);
            }
        }
        FAIL("the program ended without a verdict");
        return 0;
    }

    std::vector<sock_filter> program_;
};

constexpr std::uint32_t allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t eperm = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t no_family = SECCOMP_RET_ERRNO | EAFNOSUPPORT;

TEST_CASE("what an engine needs is allowed") {
    const Interpreter filter({});
    for (const long call : {SYS_read, SYS_write, SYS_mmap, SYS_futex, SYS_epoll_wait, SYS_openat,
                            SYS_accept4, SYS_execve, SYS_exit_group, SYS_prlimit64}) {
        CAPTURE(call);
        CHECK(filter.verdict(call) == allow);
    }
}

TEST_CASE("only local sockets can be made") {
    const Interpreter filter({});
    CHECK(filter.verdict(SYS_socket, AF_UNIX) == allow);
    for (const int domain : {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG}) {
        CAPTURE(domain);
        CHECK(filter.verdict(SYS_socket, static_cast<std::uint64_t>(domain)) == no_family);
        CHECK(filter.verdict(SYS_socketpair, static_cast<std::uint64_t>(domain)) == no_family);
    }
    // The kernel drops the upper half of the argument; it must not smuggle a family past the
    // filter.
    CHECK(filter.verdict(SYS_socket, (1ULL << 32) | AF_UNIX) == no_family);
}

TEST_CASE("threads can be made, namespaces cannot") {
    const Interpreter filter({});
    CHECK(filter.verdict(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND) == allow);
    for (const unsigned flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID,
                                CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP}) {
        CAPTURE(flag);
        CHECK(filter.verdict(SYS_clone, flag | CLONE_VM) == eperm);
    }
    CHECK(filter.verdict(SYS_clone3) == (SECCOMP_RET_ERRNO | ENOSYS));
    CHECK(filter.verdict(SYS_unshare) == eperm);
    CHECK(filter.verdict(SYS_setns) == eperm);
}

TEST_CASE("typing into the host's terminal is refused, whatever the upper half of the request") {
    const Interpreter filter({});
    CHECK(filter.verdict(SYS_ioctl, 0, TIOCGWINSZ) == allow);
    CHECK(filter.verdict(SYS_ioctl, 0, TIOCSTI) == eperm);
    CHECK(filter.verdict(SYS_ioctl, 0, (1ULL << 32) | TIOCSTI) == eperm);
    CHECK(filter.verdict(SYS_ioctl, 0, TIOCLINUX) == eperm);
}

TEST_CASE("dangerous interfaces of the kernel are refused") {
    const Interpreter filter({});
    for (const long call :
         {SYS_ptrace, SYS_process_vm_readv, SYS_mount, SYS_bpf, SYS_perf_event_open, SYS_keyctl,
          SYS_add_key, SYS_io_uring_setup, SYS_userfaultfd, SYS_init_module, SYS_finit_module,
          SYS_kexec_load, SYS_personality, SYS_open_by_handle_at, SYS_pidfd_getfd, SYS_chroot,
          SYS_pivot_root, SYS_shmget, SYS_memfd_create}) {
        CAPTURE(call);
        CHECK(filter.verdict(call) == eperm);
    }
}

TEST_CASE("memfd is allowed for GPU drivers only") {
    SyscallPolicy policy;
    policy.allow_memfd = true;
    CHECK(Interpreter(policy).verdict(SYS_memfd_create) == allow);
    CHECK(Interpreter(policy).verdict(SYS_bpf) == eperm);
}

TEST_CASE("calls through the 32-bit and x32 tables end the process") {
    const Interpreter filter({});
    CHECK(filter.verdict(SYS_read, 0, 0, AUDIT_ARCH_I386) == SECCOMP_RET_KILL_THREAD);
    CHECK(filter.verdict(0x40000000L | SYS_read) != allow);
}

TEST_CASE("the table names each call once and says why") {
    std::set<std::string_view> names;
    for (const RefusedCall& call : refused_calls()) {
        CAPTURE(call.name);
        CHECK(names.insert(call.name).second);
        CHECK_FALSE(call.why.empty());
    }
    CHECK(names.size() > 50);
}

}  // namespace
}  // namespace gleaner
