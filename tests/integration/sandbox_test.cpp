// The real sandbox, the real escape probe and the real llama-server with a real model. Needs
// GLEANER_TEST_ENGINE_DIR (a folder with llama-server and its libraries) and GLEANER_TEST_MODEL (a
// GGUF); fails without them, since a test that is skipped in silence protects nobody.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "client-core/bench/llama_bench.h"
#include "client-core/engine/device_list.h"
#include "client-core/engine/engine_process.h"
#include "client-core/platform/escape_probe.h"
#include "client-core/platform/linux/sandbox_bwrap.h"
#include "client-core/platform/sandboxed_run.h"
#include "shared/async/deadline.h"
#include "shared/async/task_group.h"
#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

fs::path from_environment(const std::string& name, const std::string& how) {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || !fs::exists(value)) {
        FAIL(name << " must name an existing path. " << how);
    }
    return value;
}

fs::path engine_dir() {
    return from_environment("GLEANER_TEST_ENGINE_DIR",
                            "Build the engine with installer/engine and name its bin folder.");
}

fs::path model_file() {
    return from_environment("GLEANER_TEST_MODEL",
                            "Take installer/model/demo-arith.gguf, or make one with "
                            "installer/model/random_model.py.");
}

/// A sandbox, an event loop and a folder for sockets.
class Stage {
public:
    Stage() {
        auto made = BwrapSandbox::create({});
        if (!made) FAIL(made.error().message());
        sandbox = std::move(made.value());
        ::chmod(folder.path().c_str(), 0755);
    }

    void run(asio::awaitable<void> work) {
        asio::co_spawn(io, std::move(work), [](const std::exception_ptr& exception) {
            if (exception) std::rethrow_exception(exception);
        });
        io.run();
        io.restart();
    }

    [[nodiscard]] EngineSpec engine_spec() const {
        EngineSpec spec;
        spec.engine_dir = engine_dir();
        spec.model_file = model_file();
        spec.runtime_dir = folder.path();
        spec.options.slots = 4;
        spec.options.context_per_slot = 256;
        spec.limits.memory_bytes = 1ULL << 30;
        return spec;
    }

    testing::TemporaryFolder folder;
    asio::io_context io{1};
    std::unique_ptr<BwrapSandbox> sandbox;
};

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

/// Whether a process exists that is not a mere zombie.
bool alive(int pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(in, line);
    const auto end = line.rfind(')');
    return end != std::string::npos && line[end + 2] != 'Z';
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

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
}

const std::string sum_request =
    R"({"messages":[{"role":"user","content":"123+456="}],"max_tokens":8,"temperature":0)";

asio::awaitable<void> chat_and_stream(Stage& stage) {
    auto spec = stage.engine_spec();
    const auto begin = std::chrono::steady_clock::now();
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (!engine) FAIL(engine.error().message());
    MESSAGE("engine ready after " << milliseconds_since(begin) << " ms");
    EngineClient& client = engine.value()->client();

    auto answer = co_await client.post("/v1/chat/completions", sum_request + "}");
    REQUIRE(answer);
    CHECK(answer.value().status() == 200);
    CHECK(answer.value().body().find("\"finish_reason\"") != std::string::npos);

    std::string last;
    int events = 0;
    EngineClient::OnEvent on_event = [&](std::string_view data) {
        ++events;
        last = data;
        return true;
    };
    auto streamed = co_await client.post_stream("/v1/chat/completions",
                                                sum_request + ",\"stream\":true}", on_event);
    REQUIRE(streamed);
    CHECK(streamed.value().status() == 200);
    CHECK(events > 2);
    CHECK(last == "[DONE]");

    auto wrong = co_await client.post_stream("/v1/chat/completions", "{\"messages\":7}", on_event);
    REQUIRE(wrong);
    CHECK(wrong.value().status() >= 400);
    CHECK(wrong.value().body().find("error") != std::string::npos);

    const int pid = engine.value()->host_pid();
    CHECK(alive(pid));
    const auto stop_begin = std::chrono::steady_clock::now();
    co_await engine.value()->stop(2s);
    MESSAGE("engine stopped in " << milliseconds_since(stop_begin) << " ms");
    CHECK_FALSE(alive(pid));
    CHECK_FALSE(engine.value()->running());
    const EngineExit exit = co_await engine.value()->wait_exit();
    CHECK(exit.cause() == EngineExit::Cause::stopped);
    auto refused = co_await client.get("/health");
    CHECK_FALSE(refused);
}

TEST_CASE("the real engine answers, streams and stops inside the sandbox") {
    Stage stage;
    stage.run(chat_and_stream(stage));
    CHECK(fs::is_empty(stage.folder.path()));
}

asio::awaitable<void> more_requests_than_a_connection_takes(Stage& stage, int& good) {
    auto spec = stage.engine_spec();
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (!engine) FAIL(engine.error().message());
    for (int i = 0; i < 250; ++i) {
        const auto reply = co_await engine.value()->client().get("/health");
        if (reply && reply.value().ok()) ++good;
    }
    co_await engine.value()->stop(0s);
}

TEST_CASE("the engine's limit of requests on one connection goes unnoticed") {
    Stage stage;
    int good = 0;
    stage.run(more_requests_than_a_connection_takes(stage, good));
    CHECK(good == 250);
}

asio::awaitable<void> long_answer(EngineClient& client, Error& error, int& events) {
    EngineClient::OnEvent on_event = [&events](std::string_view) {
        ++events;
        return true;
    };
    auto reply = co_await client.post_stream(
        "/completion", R"({"prompt":"1","n_predict":100000,"ignore_eos":true,"stream":true})",
        std::move(on_event));
    if (!reply) error = reply.error();
}

asio::awaitable<void> kill_amid_answer(Stage& stage) {
    auto spec = stage.engine_spec();
    spec.options.slots = 1;
    spec.options.context_per_slot = 1 << 17;
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (!engine) FAIL(engine.error().message());
    TaskGroup group(stage.io.get_executor());
    Error error(ErrorCode::internal, "nothing yet");
    int events = 0;
    CHECK(group.spawn(long_answer(engine.value()->client(), error, events)));
    for (int i = 0; i < 2000 && events < 5; ++i) co_await sleep_for(1ms);
    CHECK(events >= 5);
    const int pid = engine.value()->host_pid();
    ::kill(pid, SIGKILL);  // as a crash would end it: not through our handle
    const auto begin = std::chrono::steady_clock::now();
    const EngineExit exit = co_await engine.value()->wait_exit();
    MESSAGE("death noticed after " << milliseconds_since(begin) << " ms");
    CHECK(exit.cause() == EngineExit::Cause::crashed);
    CHECK(exit.reason().find("signal 9") != std::string::npos);
    co_await group.join();
    CHECK(error.code() == ErrorCode::unavailable);
    CHECK_FALSE(alive(pid));
}

TEST_CASE("an engine that is killed amid an answer is noticed, and the answer fails at once") {
    Stage stage;
    stage.run(kill_amid_answer(stage));
}

/// Slots that the engine says are busy.
asio::awaitable<int> busy_slots(EngineClient& client) {
    auto reply = co_await client.get("/slots");
    if (!reply) co_return -1;
    const std::string body = reply.value().take_body();
    int busy = 0;
    for (auto at = body.find("\"is_processing\":true"); at != std::string::npos;
         at = body.find("\"is_processing\":true", at + 1)) {
        ++busy;
    }
    co_return busy;
}

asio::awaitable<void> cancel_amid_answer(Stage& stage) {
    auto spec = stage.engine_spec();
    spec.options.slots = 1;
    spec.options.context_per_slot = 1 << 17;
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (!engine) FAIL(engine.error().message());
    TaskGroup group(stage.io.get_executor());
    Error error(ErrorCode::internal, "nothing yet");
    int events = 0;
    CHECK(group.spawn(long_answer(engine.value()->client(), error, events)));
    for (int i = 0; i < 2000 && events < 5; ++i) co_await sleep_for(1ms);
    int busy = co_await busy_slots(engine.value()->client());
    CHECK(busy == 1);
    group.cancel(asio::cancellation_type::terminal);
    co_await group.join();
    CHECK(error.code() == ErrorCode::cancelled);
    for (int i = 0; i < 200 && busy != 0; ++i) {
        co_await sleep_for(5ms);
        busy = co_await busy_slots(engine.value()->client());
    }
    CHECK(busy == 0);  // it stopped generating what nobody reads
    co_await engine.value()->stop(0s);
}

TEST_CASE("a cancelled answer stops the engine's work on it") {
    Stage stage;
    stage.run(cancel_amid_answer(stage));
}

asio::awaitable<void> start_with(Stage& stage, EngineSpec spec, Error& error) {
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (engine) FAIL("it started");
    error = engine.error();
}

TEST_CASE("a truncated model is refused by the engine and the engine's words are passed on") {
    Stage stage;
    std::ifstream in(model_file(), std::ios::binary);
    std::string half(fs::file_size(model_file()) / 2, '\0');
    in.read(half.data(), static_cast<std::streamsize>(half.size()));
    stage.folder.write("half.gguf", half);
    EngineSpec spec = stage.engine_spec();
    spec.model_file = stage.folder.path() / "half.gguf";
    Error error(ErrorCode::internal, "nothing yet");
    stage.run(start_with(stage, std::move(spec), error));
    INFO(error.message());
    CHECK(error.code() == ErrorCode::failed_precondition);
    CHECK(error.message().find("model") != std::string::npos);
}

TEST_CASE("a context too large for the memory limit is told as want of memory") {
    Stage stage;
    EngineSpec spec = stage.engine_spec();
    spec.limits.memory_bytes = 64ULL << 20;
    spec.options.slots = 16;
    spec.options.context_per_slot = 1 << 20;
    Error error(ErrorCode::internal, "nothing yet");
    stage.run(start_with(stage, std::move(spec), error));
    INFO(error.message());
    CHECK(error.code() == ErrorCode::resource_exhausted);
}

asio::awaitable<void> measure(Stage& stage) {
    LlamaBenchSpec spec;
    spec.engine_dir = engine_dir();
    spec.model_file = model_file();
    auto run = run_llama_bench(*stage.sandbox, std::move(spec), stage.io.get_executor());
    const auto speed = co_await std::move(run);
    if (!speed) FAIL(speed.error().message());
    MESSAGE("prompt " << speed.value().prompt_tokens_per_s << " tokens/s, generation "
                      << speed.value().generated_tokens_per_s << " tokens/s on "
                      << speed.value().device);
    CHECK(speed.value().backends.find("CPU") != std::string::npos);
    auto list = list_engine_devices(*stage.sandbox, engine_dir(), {}, stage.io.get_executor());
    const auto devices = co_await std::move(list);
    if (!devices) FAIL(devices.error().message());
    CHECK(devices.value().empty());  // no GPU was handed in
}

TEST_CASE("llama-bench measures and the engine lists its devices inside the sandbox") {
    Stage stage;
    stage.run(measure(stage));
}

}  // namespace
}  // namespace gleaner
