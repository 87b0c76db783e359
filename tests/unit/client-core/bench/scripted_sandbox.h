#pragma once
/// Programs that do what a test says, in the place of a sandbox.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/platform/sandbox.h"
#include "shared/async/deadline.h"

namespace gleaner {

/// A program that has written something and ends as the script says, or never.
struct Script {
    std::string standard_output;
    std::string standard_error;
    std::optional<ProcessExit> exit;  ///< unset: it hangs
    Duration after{};
};

class ScriptedProcess final : public SandboxedProcess {
public:
    ScriptedProcess(Script script, int& alive) : script_(std::move(script)), alive_(alive) {
        ++alive_;
    }
    ~ScriptedProcess() override { --alive_; }
    [[nodiscard]] boost::asio::awaitable<ProcessExit> wait() override {
        // Each wait begins anew: what has passed is kept between them.
        if (!script_.exit) {
            while (true) co_await sleep_for(3600s);
        }
        if (waits_++ == 0 && script_.after > Duration{}) co_await sleep_for(script_.after);
        co_return *script_.exit;
    }
    [[nodiscard]] bool running() const override { return true; }
    [[nodiscard]] bool terminate() override { return true; }
    void kill() override {}
    [[nodiscard]] bool suspend() override { return false; }
    void resume() override {}
    [[nodiscard]] std::string stdout_tail() const override { return script_.standard_output; }
    [[nodiscard]] std::string stderr_tail() const override { return script_.standard_error; }
    [[nodiscard]] int host_pid() const override { return 1; }

private:
    Script script_;
    int& alive_;
    int waits_ = 0;
};

/// Each program that is started plays the next script, or the last one again.
class ScriptedSandbox final : public Sandbox {
public:
    explicit ScriptedSandbox(Script script) : scripts_{std::move(script)} {}
    explicit ScriptedSandbox(std::vector<Script> scripts) : scripts_(std::move(scripts)) {}
    [[nodiscard]] Result<std::unique_ptr<SandboxedProcess>> start(
        const SandboxSpec& spec, const boost::asio::any_io_executor&) override {
        started = spec;
        const Script& script = scripts_[std::min(starts++, scripts_.size() - 1)];
        return std::unique_ptr<SandboxedProcess>(std::make_unique<ScriptedProcess>(script, alive));
    }
    SandboxSpec started;  ///< the last
    std::size_t starts = 0;
    int alive = 0;

private:
    std::vector<Script> scripts_;
};

}  // namespace gleaner
