#include "client-core/platform/linux/spawn.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gleaner {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

UniqueFd::~UniqueFd() {
    reset();
}

void UniqueFd::reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
}

namespace {

/// Steps of the child, sent to the parent with errno when one fails.
enum class Step : int {
    parent_gone,
    control_group,
    stage,
    limit,
    priority,
    identity,
    descriptors,
    exec,
};

std::string_view describe(Step step) {
    switch (step) {
        case Step::parent_gone:
            return "the node ended meanwhile";
        case Step::control_group:
            return "entering the control group";
        case Step::stage:
            return "preparing mounts as root (CAP_SYS_ADMIN is needed)";
        case Step::limit:
            return "setting resource limits";
        case Step::priority:
            return "setting the priority";
        case Step::identity:
            return "becoming the unprivileged user";
        case Step::descriptors:
            return "arranging file descriptors (Linux 5.11 or later is needed)";
        case Step::exec:
            return "executing bubblewrap";
    }
    return "an unknown step";
}

struct Failure {
    Step step;
    int error;
};

/// Everything the child needs, as plain pointers made before the fork.
struct Prepared {
    const SpawnPlan& plan;
    std::vector<char*> argv;
    int report_fd;
    pid_t parent;
    sigset_t no_signals;
};

[[noreturn]] void fail(int report_fd, Step step) {
    const Failure failure{step, errno};
    static_cast<void>(!write(report_fd, &failure, sizeof failure));
    _exit(127);
}

bool join_group(const std::string& file) {
    const int fd = open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = write(fd, "0", 1) == 1;
    close(fd);
    return done;
}

bool stage_paths(const ChildIdentity& identity) {
    if (unshare(CLONE_NEWNS) != 0) return false;
    if (mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return false;
    if (mount("tmpfs", identity.stage.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64k"))
        return false;
    for (const auto& path : identity.staged) {
        if (path.folder) {
            if (mkdir(path.target.c_str(), 0755) != 0) return false;
        } else {
            const int fd = open(path.target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
            if (fd < 0) return false;
            close(fd);
        }
        if (mount(path.source.c_str(), path.target.c_str(), nullptr, MS_BIND, nullptr) != 0)
            return false;
    }
    return true;
}

bool become(const ChildIdentity& identity) {
    return setgroups(identity.further_groups.size(), identity.further_groups.data()) == 0 &&
           setresgid(identity.group, identity.group, identity.group) == 0 &&
           setresuid(identity.user, identity.user, identity.user) == 0;
}

/// Marks every descriptor to be closed at exec, then moves the given ones to their numbers, which
/// clears the mark. Our copies are all above the targets (see spawn()), so none is clobbered.
bool arrange_descriptors(const SpawnPlan& plan) {
    if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return false;
    for (const auto& [ours, theirs] : plan.files) {
        if (dup2(ours, theirs) < 0) return false;
    }
    return true;
}

[[noreturn]] void run_child(const Prepared& prepared) {
    const SpawnPlan& plan = prepared.plan;
    const int report = prepared.report_fd;
    for (int signal_number = 1; signal_number < NSIG; ++signal_number) {
        signal(signal_number, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &prepared.no_signals, nullptr);
    for (const auto& file : plan.join_files) {
        if (!join_group(file)) fail(report, Step::control_group);
    }
    if (plan.niceness > 0 && setpriority(PRIO_PROCESS, 0, plan.niceness) != 0)
        fail(report, Step::priority);
    if (plan.idle_priority) {
        const sched_param parameters{};
        if (sched_setscheduler(0, SCHED_IDLE, &parameters) != 0) fail(report, Step::priority);
    }
    if (plan.become_other_user) {
        if (!stage_paths(plan.identity)) fail(report, Step::stage);
        if (!become(plan.identity)) fail(report, Step::identity);
    }
    // After the change of user, which would clear it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != prepared.parent) fail(report, Step::parent_gone);
    if (!arrange_descriptors(plan)) fail(report, Step::descriptors);
    for (const auto& [resource, limit] : plan.limits) {
        if (setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0)
            fail(report, Step::limit);
    }
    char* const no_environment[] = {nullptr};
    execve(prepared.argv[0], prepared.argv.data(), no_environment);
    fail(report, Step::exec);
}

}  // namespace

Result<SpawnedChild> spawn(const SpawnPlan& plan) {
    std::array<int, 2> pipe_ends{};
    if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return error_from_errno("pipe", errno);
    UniqueFd report_read(pipe_ends[0]);
    // Above every target number, so that arranging descriptors overwrites nothing it still needs.
    UniqueFd report_write(fcntl(pipe_ends[1], F_DUPFD_CLOEXEC, 64));
    close(pipe_ends[1]);
    SpawnPlan moved = plan;
    std::vector<UniqueFd> copies;
    for (auto& file : moved.files) {
        copies.emplace_back(fcntl(file.first, F_DUPFD_CLOEXEC, 64));
        file.first = copies.back().get();
        if (file.first < 0) return error_from_errno("copying a file descriptor", errno);
    }
    if (report_write.get() < 0) return error_from_errno("copying a file descriptor", errno);

    Prepared prepared{moved, {}, report_write.get(), getpid(), {}};
    sigemptyset(&prepared.no_signals);
    for (auto& word : moved.argv) prepared.argv.push_back(word.data());
    prepared.argv.push_back(nullptr);

    const pid_t pid = fork();
    if (pid < 0) return error_from_errno("fork", errno);
    if (pid == 0) run_child(prepared);

    report_write.reset();
    SpawnedChild child{pid, UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)))};
    const int pidfd_error = errno;
    Failure failure{};
    ssize_t got = 0;
    do {
        got = read(report_read.get(), &failure, sizeof failure);
    } while (got < 0 && errno == EINTR);
    if (got == 0 && child.pidfd.get() >= 0) return child;
    ::kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    if (got == 0) return error_from_errno("pidfd_open (Linux 5.3 or later is needed)", pidfd_error);
    return error_from_errno(describe(failure.step), failure.error);
}

}  // namespace gleaner
