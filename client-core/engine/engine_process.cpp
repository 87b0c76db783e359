#include "client-core/engine/engine_process.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "shared/async/deadline.h"

namespace gleaner {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr Duration first_health_interval = 5ms;
constexpr Duration last_health_interval = 100ms;
constexpr std::size_t reason_bytes_max = 2048;

/// What llama.cpp and its backends print when memory does not suffice, in lower case.
constexpr std::array<std::string_view, 9> memory_signs = {
    "out of memory",      "bad_alloc",           "failed to allocate",
    "unable to allocate", "erroroutofdevice",    "erroroutofhost",
    "cannot allocate",    "insufficient memory", "not enough memory"};

bool tells_of_memory(std::string log) {
    std::transform(log.begin(), log.end(), log.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::any_of(memory_signs.begin(), memory_signs.end(),
                       [&](std::string_view sign) { return log.find(sign) != std::string::npos; });
}

/// The end of the log, beginning with a whole line.
std::string last_lines(const std::string& log) {
    if (log.size() <= reason_bytes_max) return log;
    const std::string end = log.substr(log.size() - reason_bytes_max);
    const auto line = end.find('\n');
    return line == std::string::npos ? end : end.substr(line + 1);
}

Status check_files(const EngineSpec& spec) {
    std::error_code ec;
    const auto server = spec.engine_dir / "llama-server";
    if (!fs::is_regular_file(server, ec)) {
        return Error(ErrorCode::not_found,
                     "engine: " + server.string() + " is missing: the package is incomplete");
    }
    if (!fs::is_regular_file(spec.model_file, ec)) {
        return Error(ErrorCode::not_found, "engine: the model file " + spec.model_file.string() +
                                               " is missing: download it again");
    }
    return ok();
}

Result<fs::path> make_socket_folder(const fs::path& runtime_dir) {
    std::string pattern = (runtime_dir / "e-XXXXXX").string();
    if (pattern.size() + 1 + engine_socket_name.size() >= sizeof(sockaddr_un::sun_path)) {
        return Error(ErrorCode::invalid_argument,
                     "engine: the folder " + runtime_dir.string() +
                         " has too long a name for sockets: choose one of at most 80 characters");
    }
    if (mkdtemp(pattern.data()) == nullptr) {
        return error_from_errno("engine: making a folder in " + runtime_dir.string(), errno);
    }
    return fs::path(pattern);
}

SandboxSpec sandbox_spec(const EngineSpec& spec, const fs::path& folder) {
    SandboxSpec result;
    result.command = engine_arguments(spec.options);
    result.read_only = {{spec.engine_dir, std::string(sandbox_paths::engine_dir)},
                        {spec.model_file, std::string(sandbox_paths::model_file)}};
    result.socket_dir = folder;
    result.device_nodes = spec.device_nodes;
    result.environment = spec.environment;
    result.limits = spec.limits;
    std::error_code ec;
    result.limits.mapped_bytes = fs::file_size(spec.model_file, ec);
    result.niceness = spec.niceness;
    result.idle_priority = spec.idle_priority;
    return result;
}

Error start_failure(const EngineExit& exit) {
    const ErrorCode code = exit.cause() == EngineExit::Cause::out_of_memory
                               ? ErrorCode::resource_exhausted
                               : ErrorCode::failed_precondition;
    return {code, "engine: it ended before it was ready: " + exit.reason()};
}

}  // namespace

EngineExit judge_engine_exit(const ProcessExit& exit, const std::string& log_tail) {
    const std::string status = exit.code > 128 ? "signal " + std::to_string(exit.code - 128)
                                               : "status " + std::to_string(exit.code);
    if (exit.out_of_memory) {
        return {EngineExit::Cause::out_of_memory,
                "it reached its memory limit and was ended by the kernel"};
    }
    if (exit.killed_by_us) return {EngineExit::Cause::stopped, "it was stopped by the node"};
    const std::string log = last_lines(log_tail);
    if (tells_of_memory(log_tail)) {
        return {EngineExit::Cause::out_of_memory,
                "memory did not suffice (" + status + "); its last lines: " + log};
    }
    return {EngineExit::Cause::crashed, status + "; its last lines: " + log};
}

EngineProcess::EngineProcess(EngineOptions options, fs::path folder,
                             std::unique_ptr<SandboxedProcess> process,
                             std::unique_ptr<EngineClient> client)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      process_(std::move(process)),
      client_(std::move(client)) {}

EngineProcess::~EngineProcess() {
    process_->kill();
    std::error_code ec;
    fs::remove_all(folder_, ec);
}

asio::awaitable<Result<std::unique_ptr<EngineProcess>>> EngineProcess::start(
    Sandbox& sandbox, EngineSpec spec, asio::any_io_executor executor) {
    GLEANER_CO_TRY(check_engine_options(spec.options));
    GLEANER_CO_TRY(check_files(spec));
    GLEANER_CO_TRY(const auto folder, make_socket_folder(spec.runtime_dir));
    auto process = sandbox.start(sandbox_spec(spec, folder), executor);
    if (!process) {
        std::error_code ec;
        fs::remove_all(folder, ec);
        co_return process.error().within("engine");
    }
    EngineClient::Limits limits;
    limits.connections_max = engine_connections_max(spec.options);
    auto client = std::make_unique<EngineClient>(executor, folder / engine_socket_name, limits);
    std::unique_ptr<EngineProcess> engine(
        new EngineProcess(spec.options, folder, std::move(process.value()), std::move(client)));
    Status healthy = co_await engine->wait_until_healthy(spec.start_limit);
    if (!healthy) {
        // A cancelled coroutine may not wait any more: the destructor kills.
        if (healthy.error().code() != ErrorCode::cancelled) co_await engine->stop(0ms);
        co_return std::move(healthy).error();
    }
    co_return engine;
}

asio::awaitable<Status> EngineProcess::wait_until_healthy(Duration limit) {
    Duration waited = 0ms;
    Duration interval = first_health_interval;
    while (process_->running()) {
        auto asked = client_->get("/health");
        auto reply = co_await with_deadline(std::move(asked), limit);
        if (reply && reply.value().ok()) co_return ok();
        if (!reply && reply.error().code() == ErrorCode::cancelled) co_return reply.error();
        if (waited >= limit) {
            co_return Error(ErrorCode::timeout,
                            "engine: the model was not loaded within " +
                                std::to_string(limit.count() / 1'000'000) +
                                " s: the disk is slow or the model too large for this machine");
        }
        co_await sleep_for(interval);
        waited += interval;
        interval = std::min(interval * 2, last_health_interval);
    }
    const ProcessExit exit = co_await process_->wait();
    co_return start_failure(judge_engine_exit(exit, process_->stderr_tail()));
}

asio::awaitable<EngineExit> EngineProcess::wait_exit() {
    const ProcessExit exit = co_await process_->wait();
    co_return judge_engine_exit(exit, process_->stderr_tail());
}

namespace {

/// True when the process ended within the limit.
asio::awaitable<Result<ProcessExit>> exit_of(SandboxedProcess& process) {
    const ProcessExit exit = co_await process.wait();
    co_return exit;
}

}  // namespace

asio::awaitable<void> EngineProcess::stop(Duration grace) {
    if (process_->running() && grace > 0ms && process_->terminate()) {
        auto ended = exit_of(*process_);
        const auto result = co_await with_deadline(std::move(ended), grace);
        if (result) co_return;
    }
    process_->kill();
    co_await process_->wait();
}

}  // namespace gleaner
