// The real sandbox and the real escape probe; each protection is taken away once, to see that the
// probe notices.
#include <algorithm>
#include <chrono>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "client-core/platform/escape_probe.h"
#include "client-core/platform/sandboxed_run.h"
#include "tests/integration/sandbox_stage.h"

namespace gleaner {
namespace {

asio::awaitable<void> probe(Stage& stage, SandboxWeakening weakening,
                            std::unique_ptr<Result<ProbeReport>>& outcome) {
    ProbeSetup setup;
    setup.probe_program = GLEANER_PROBE;
    setup.canary_dir = stage.folder.path();
    setup.like.read_only = {{stage.folder.path() / "engine", "/engine"}};
    setup.like.weakening = weakening;
    auto run = run_escape_probe(*stage.sandbox, std::move(setup), stage.io.get_executor());
    auto report = co_await std::move(run);
    outcome = std::make_unique<Result<ProbeReport>>(std::move(report));
}

/// The names of what got out, or the error.
std::vector<std::string> escapes_with(SandboxWeakening weakening) {
    Stage stage;
    stage.folder.write("engine/llama-server", "");
    ::chmod((stage.folder.path() / "engine").c_str(), 0777);
    std::unique_ptr<Result<ProbeReport>> outcome;
    stage.run(probe(stage, weakening, outcome));
    if (!*outcome) return {outcome->error().message()};
    MESSAGE("probe: " << outcome->value().attempts.size() << " attempts in "
                      << outcome->value().took.count() / 1000 << " ms");
    std::vector<std::string> names;
    for (const auto& attempt : outcome->value().escapes()) {
        names.push_back(attempt.name);
        INFO(attempt.name << ": " << attempt.detail);
    }
    return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

TEST_CASE("nothing gets out of the sandbox") {
    const auto escapes = escapes_with({});
    for (const auto& name : escapes) CAPTURE(name);
    CHECK(escapes == std::vector<std::string>{});
}

TEST_CASE("with the network shared the probe reports the network") {
    SandboxWeakening weak;
    weak.share_network = true;
    weak.no_syscall_filter = true;
    const auto escapes = escapes_with(weak);
    CHECK(contains(escapes, "network_host_loopback"));
    CHECK(contains(escapes, "network_host_abstract_socket"));
    CHECK(contains(escapes, "network_inet_stream"));
}

TEST_CASE("with processes shared the probe reports the host's processes") {
    SandboxWeakening weak;
    weak.share_processes = true;
    const auto escapes = escapes_with(weak);
    CHECK(contains(escapes, "processes_visible"));
    CHECK(contains(escapes, "processes_see_host"));
}

TEST_CASE("with writable folders the probe reports them") {
    SandboxWeakening weak;
    weak.writable_paths = true;
    const auto escapes = escapes_with(weak);
    CHECK(contains(escapes, "files_read_only_engine"));
    CHECK(contains(escapes, "files_write_engine"));
}

TEST_CASE("with the host's files in view the probe finds the canary") {
    SandboxWeakening weak;
    weak.show_host_files = true;
    const auto escapes = escapes_with(weak);
    CHECK(contains(escapes, "files_root_entries"));
}

TEST_CASE("without the system call filter the probe reports the kernel's interfaces") {
    SandboxWeakening weak;
    weak.no_syscall_filter = true;
    const auto escapes = escapes_with(weak);
    for (const char* const name :
         {"processes_trace", "processes_read_memory", "kernel_bpf", "kernel_keyctl",
          "kernel_io_uring", "privileges_user_namespace", "privileges_clone3",
          "privileges_unfiltered", "network_inet_stream"}) {
        CAPTURE(name);
        CHECK(contains(escapes, name));
    }
    CHECK_FALSE(contains(escapes, "network_host_loopback"));  // the namespace still holds
}

TEST_CASE("without limits the probe reports each of them") {
    SandboxWeakening weak;
    weak.no_limits = true;
    const auto escapes = escapes_with(weak);
    for (const char* const name : {"limits_memory", "limits_address_space", "limits_open_files",
                                   "limits_file_size", "limits_processes"}) {
        CAPTURE(name);
        CHECK(contains(escapes, name));
    }
}

using Run = std::unique_ptr<Result<std::string>>;

asio::awaitable<void> run_shell(Stage& stage, SandboxSpec spec, std::string script, Run& outcome) {
    spec.command = {"/usr/bin/env", "sh", "-c", std::move(script)};
    auto run = run_in_sandbox(*stage.sandbox, std::move(spec), 20s, stage.io.get_executor());
    auto result = co_await std::move(run);
    outcome = std::make_unique<Result<std::string>>(std::move(result));
}

TEST_CASE("nothing of the node's is inherited: descriptors, environment, user") {
    Stage stage;
    ::setenv("GLEANER_TEST_SECRET", "do not tell", 1);
    std::ofstream leak(stage.folder.path() / "secret");
    const int fd = ::dup(1);  // without close-on-exec, as a careless library would open it
    Run outcome;
    stage.run(run_shell(stage, {}, "ls /proc/self/fd; env; id -u", outcome));
    ::close(fd);
    ::unsetenv("GLEANER_TEST_SECRET");
    REQUIRE(*outcome);
    CHECK(outcome->value().find("SECRET") == std::string::npos);
    CHECK(outcome->value().starts_with("0\n1\n2\n3\n"));  // 3 is the folder that ls reads
    CHECK(outcome->value().find("\n4\n") == std::string::npos);
    CHECK(outcome->value().find("\n0\n") == std::string::npos);  // not root
}

TEST_CASE("a program that takes more memory than its limit is ended, and the reason is told") {
    Stage stage;
    SandboxSpec spec;
    spec.limits.memory_bytes = 64ULL << 20;
    Run outcome;
    // Shared with nobody, twice the limit: over the control group if there is one, and with the
    // tolerance over the resource limit in any case.
    stage.run(run_shell(stage, spec, "exec perl -e '$x = \"a\" x 700_000_000; print length $x'",
                        outcome));
    REQUIRE_FALSE(*outcome);
    INFO(outcome->error().message());
    CHECK(outcome->error().code() == ErrorCode::failed_precondition);
    const bool told = outcome->error().message().find("emory") != std::string::npos;
    CHECK(told);
}

TEST_CASE("a spec that cannot hold is refused before anything runs") {
    Stage stage;
    SandboxSpec spec;
    spec.command = {"relative"};
    CHECK(stage.sandbox->start(spec, stage.io.get_executor()).error().code() ==
          ErrorCode::invalid_argument);
    spec.command = {"/usr/bin/true"};
    spec.read_only = {{"/nonexistent/file", "/engine"}};
    CHECK(stage.sandbox->start(spec, stage.io.get_executor()).error().code() ==
          ErrorCode::not_found);
    spec.read_only = {};
    spec.limits.memory_bytes = 0;
    CHECK(stage.sandbox->start(spec, stage.io.get_executor()).error().code() ==
          ErrorCode::invalid_argument);
}

bool gone_within(int pid, int milliseconds) {
    for (int waited = 0; waited < milliseconds; waited += 5) {
        if (!alive(pid)) return true;
        ::usleep(5000);
    }
    return !alive(pid);
}

TEST_CASE("the sandbox dies with the node, even when that is killed with SIGKILL") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t node = ::fork();
    if (node == 0) {
        // The node: starts a sleeper in the sandbox and tells its number.
        asio::io_context io{1};
        auto sandbox = BwrapSandbox::create({});
        SandboxSpec spec;
        spec.command = {"/usr/bin/sleep", "1000"};
        auto process = sandbox.value()->start(spec, io.get_executor());
        int pid = 0;
        while (process && pid == 0) {
            io.run_for(std::chrono::milliseconds(5));
            pid = process.value()->host_pid();
        }
        static_cast<void>(!::write(ends[1], &pid, sizeof pid));
        ::pause();
        ::_exit(0);
    }
    int sleeper = 0;
    REQUIRE(::read(ends[0], &sleeper, sizeof sleeper) == sizeof sleeper);
    REQUIRE(sleeper > 0);
    CHECK(alive(sleeper));
    ::kill(node, SIGKILL);
    ::waitpid(node, nullptr, 0);
    CHECK(gone_within(sleeper, 1000));
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace
}  // namespace gleaner
