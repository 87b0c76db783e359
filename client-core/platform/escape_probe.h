#pragma once
/// Proves the sandbox before it is trusted: runs gleaner-probe in it, which tries to get out.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/platform/sandbox.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

struct ProbeAttempt {
    std::string name;  ///< "network_inet_stream", "files_host_canary", …
    bool escaped = false;
    std::string detail;
};

struct ProbeReport {
    std::vector<ProbeAttempt> attempts;
    Duration took{};
    [[nodiscard]] std::vector<ProbeAttempt> escapes() const;
};

struct ProbeSetup {
    std::filesystem::path probe_program;  ///< gleaner-probe
    /// A folder of the node's that nobody inside may see; a file is put there meanwhile.
    std::filesystem::path canary_dir;
    /// What engines will be given besides: read-only paths, devices, environment. The command and
    /// the limits are replaced (small limits of the same kind, quick to reach).
    SandboxSpec like;
};

/// Pure: the probe's line of JSON. data_corrupt if it is none, or lacks a kind of attempt.
[[nodiscard]] Result<ProbeReport> parse_probe_report(std::string_view text);

/// ok() only if every attempt was refused; else failed_precondition, naming what worked and what to
/// do. The node takes no work then.
[[nodiscard]] Status judge_probe_report(const ProbeReport& report);

/// Takes some 100 ms. Errors: those of Sandbox::start; unsupported if the sandbox cannot be set up
/// on this machine (bubblewrap's own words are in the message); timeout after 20 s; data_corrupt.
/// A report with escapes is not an error here: see judge_probe_report.
[[nodiscard]] boost::asio::awaitable<Result<ProbeReport>> run_escape_probe(
    Sandbox& sandbox, ProbeSetup setup, boost::asio::any_io_executor executor);

}  // namespace gleaner
