#pragma once
/// A program in the sandbox that prints something and ends: run it, wait, take what it printed.

#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/platform/sandbox.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

/// Its standard output (the tail that spec.stdout_bytes_max keeps). Errors: those of
/// Sandbox::start; timeout after `limit`, when it is killed; failed_precondition if it ended with a
/// failure, with the tail of its standard error.
[[nodiscard]] boost::asio::awaitable<Result<std::string>> run_in_sandbox(
    Sandbox& sandbox, SandboxSpec spec, Duration limit, boost::asio::any_io_executor executor);

}  // namespace gleaner
