#include <cerrno>
#include <linux/keyctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client-core/platform/probe/attempts.h"

namespace gleaner::probe {

namespace {

#if defined(__x86_64__)
/// getpid() through the 32-bit gate, whose system call numbers mean other calls.
long call_32_bit_getpid() {
    long result = 20;
    asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return result;
}

/// Runs a foreign system call in a child: the filter ends whoever makes it.
void attempt_foreign_table(const char* name, long (*call)(), Attempts& attempts) {
    const pid_t child = fork();
    if (child == 0) _exit(call() > 0 ? 1 : 0);
    int status = 0;
    waitpid(child, &status, 0);
    const bool worked = child < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 1);
    attempts.record(name, worked, worked ? "it worked" : "refused");
}

void attempt_foreign_tables(Attempts& attempts) {
    attempt_foreign_table("kernel_32_bit_calls", &call_32_bit_getpid, attempts);
    attempt_foreign_table(
        "kernel_x32_calls", [] { return syscall(0x40000000L | SYS_getpid); }, attempts);
    attempts.record_call("kernel_iopl", syscall(SYS_iopl, 3));
    attempts.record_call("kernel_modify_ldt", syscall(SYS_modify_ldt, 0, nullptr, 0));
}
#else
void attempt_foreign_tables(Attempts& /*attempts*/) {}
#endif

void attempt_shared_memory(const HostFacts& host, Attempts& attempts) {
    attempts.record_call("kernel_shared_memory", shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
    if (!host.memfd_refused) return;
    const int fd = memfd_create("gleaner-escape", 0);
    attempts.record_call("kernel_memfd", fd);
    if (fd >= 0) close(fd);
}

}  // namespace

/// Arguments are chosen so that none of these would change anything if it did get through.
void attempt_kernel(const HostFacts& host, Attempts& attempts) {
    attempts.record_call("kernel_bpf", syscall(SYS_bpf, 0, nullptr, 0));
    attempts.record_call("kernel_perf", syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0));
    attempts.record_call("kernel_keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
                                                  KEY_SPEC_USER_KEYRING, 0, 0, 0));
    attempts.record_call("kernel_add_key",
                         syscall(SYS_add_key, "user", "gleaner", "x", 1, KEY_SPEC_PROCESS_KEYRING));
    attempts.record_call("kernel_io_uring", syscall(SYS_io_uring_setup, 1, nullptr));
    attempts.record_call("kernel_io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, 0, 0));
    attempts.record_call("kernel_load_module", syscall(SYS_init_module, nullptr, 0, ""));
    attempts.record_call("kernel_load_module_file", syscall(SYS_finit_module, -1, "", 0));
    attempts.record_call("kernel_unload_module", syscall(SYS_delete_module, "gleaner", 0));
    attempts.record_call("kernel_userfaultfd", syscall(SYS_userfaultfd, 0));
    attempts.record_call("kernel_kexec", syscall(SYS_kexec_load, 0, 0, nullptr, 0));
    attempts.record_call("kernel_personality", personality(ADDR_NO_RANDOMIZE));
    attempts.record_call("kernel_open_by_handle", syscall(SYS_open_by_handle_at, -1, nullptr, 0));
    attempts.record_call("kernel_log", syscall(SYS_syslog, 10, nullptr, 0));
    attempts.record_call("kernel_reboot", syscall(SYS_reboot, 0, 0, 0, nullptr));
    attempts.record_call("kernel_swap", syscall(SYS_swapon, "/gleaner", 0));
    attempts.record_call("kernel_accounting", syscall(SYS_acct, "/gleaner-none"));
    attempts.record_call("kernel_set_clock", syscall(SYS_clock_settime, CLOCK_REALTIME, nullptr));
    attempts.record_call("kernel_host_name", syscall(SYS_sethostname, "", -1));
    attempts.record_call("kernel_watch_files", syscall(SYS_fanotify_init, 0, 0));
    attempt_foreign_tables(attempts);
    attempt_shared_memory(host, attempts);
}

}  // namespace gleaner::probe
