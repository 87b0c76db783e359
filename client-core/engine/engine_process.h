#pragma once
/// One llama-server for one model inside the sandbox, from its start to its end.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/engine/engine_client.h"
#include "client-core/engine/engine_options.h"
#include "client-core/platform/sandbox.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

struct EngineSpec {
    std::filesystem::path engine_dir;  ///< holds llama-server and its libraries
    std::filesystem::path model_file;  ///< a GGUF
    /// An existing folder of the node's (0700); each engine gets its own folder in it. Short: the
    /// socket's whole path must stay under 108 bytes.
    std::filesystem::path runtime_dir;
    EngineOptions options;
    SandboxLimits limits;                                          ///< mapped_bytes is filled in
    std::vector<std::filesystem::path> device_nodes;               ///< of the GPU, if one is used
    std::vector<std::pair<std::string, std::string>> environment;  ///< e.g. CUDA_VISIBLE_DEVICES
    int niceness = 0;
    bool idle_priority = false;
    Duration start_limit = 120s;  ///< loading a model takes as long as reading it from the disk
};

/// Why an engine ended, in words for people and a code for policy.
class EngineExit {
public:
    enum class Cause : std::uint8_t {
        stopped,        ///< we asked for it
        out_of_memory,  ///< host or device memory did not suffice
        crashed,        ///< a signal or a failure status
    };
    EngineExit(Cause cause, std::string reason) : cause_(cause), reason_(std::move(reason)) {}
    [[nodiscard]] Cause cause() const { return cause_; }
    /// Holds the last lines of the engine's log, at most 2 KiB; never prompts.
    [[nodiscard]] const std::string& reason() const { return reason_; }

private:
    Cause cause_;
    std::string reason_;
};

/// Pure: judges an exit from its facts and the tail of the engine's log.
[[nodiscard]] EngineExit judge_engine_exit(const ProcessExit& exit, const std::string& log_tail);

/// Single-threaded, like SandboxedProcess. Destroying it kills the engine at once and removes its
/// socket folder.
class EngineProcess {
public:
    /// Returns when the engine answers /health, which means that the model is loaded. Errors:
    /// not_found (a file is missing), resource_exhausted (out of memory), timeout,
    /// failed_precondition (the engine ended by itself; the message holds its last lines),
    /// cancelled; and those of Sandbox::start. After an error nothing is left running.
    [[nodiscard]] static boost::asio::awaitable<Result<std::unique_ptr<EngineProcess>>> start(
        Sandbox& sandbox, EngineSpec spec, boost::asio::any_io_executor executor);

    EngineProcess(const EngineProcess&) = delete;
    EngineProcess& operator=(const EngineProcess&) = delete;
    ~EngineProcess();

    [[nodiscard]] EngineClient& client() { return *client_; }
    [[nodiscard]] const EngineOptions& options() const { return options_; }
    [[nodiscard]] bool running() const { return process_->running(); }
    [[nodiscard]] int host_pid() const { return process_->host_pid(); }

    /// Returns when the engine has ended for whatever reason; any number may wait.
    [[nodiscard]] boost::asio::awaitable<EngineExit> wait_exit();
    /// SIGTERM, and SIGKILL after `grace`; returns when all of it is gone and its memory is free.
    /// grace = 0 kills at once: what the give-back of a GPU to its user needs.
    [[nodiscard]] boost::asio::awaitable<void> stop(Duration grace);
    /// Stops it where it is, with its memory; false when it has ended. It answers nothing until
    /// resume(): requests that wait should be cancelled.
    [[nodiscard]] bool suspend() { return process_->suspend(); }
    void resume() { process_->resume(); }
    /// Ends it at once and does not wait.
    void kill() { process_->kill(); }

private:
    EngineProcess(EngineOptions options, std::filesystem::path folder,
                  std::unique_ptr<SandboxedProcess> process, std::unique_ptr<EngineClient> client);
    [[nodiscard]] boost::asio::awaitable<Status> wait_until_healthy(Duration limit);

    EngineOptions options_;
    std::filesystem::path folder_;
    std::unique_ptr<SandboxedProcess> process_;
    std::unique_ptr<EngineClient> client_;
};

}  // namespace gleaner
