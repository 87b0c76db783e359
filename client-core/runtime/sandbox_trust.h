#pragma once
/// No engine starts before the sandbox has been proven with what that engine would be given.

#include <filesystem>
#include <map>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/cache/turnstile.h"
#include "client-core/platform/sandbox.h"
#include "shared/util/result.h"

namespace gleaner {

/// Single-threaded; must outlive its calls.
class SandboxTrust {
public:
    SandboxTrust(Sandbox& sandbox, std::filesystem::path probe_program,
                 std::filesystem::path canary_dir, boost::asio::any_io_executor executor);

    /// Runs the escape probe unless it has passed before with the same device nodes. Errors:
    /// failed_precondition naming what worked; those of run_escape_probe. An error is not
    /// remembered: the next call tries again.
    [[nodiscard]] boost::asio::awaitable<Status> prove(SandboxSpec like);

private:
    Sandbox* sandbox_;
    std::filesystem::path probe_program_;
    std::filesystem::path canary_dir_;
    boost::asio::any_io_executor executor_;
    Turnstile one_at_a_time_;
    std::map<std::string, bool> proven_;
};

}  // namespace gleaner
