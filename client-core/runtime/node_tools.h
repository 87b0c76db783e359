#pragma once
/// What gleaner-node does besides running: enrolling once, proving the sandbox, measuring, telling.

#include <filesystem>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/platform/sandbox.h"
#include "client-core/runtime/device_inventory.h"
#include "client-core/runtime/dial.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

class Applicant;

/// What this machine calls itself; "unknown" if it does not.
[[nodiscard]] std::string host_name();

/// Gets an identity and writes it into the folder; returns the node's id. Errors: those of enrol(),
/// already_exists when the folder holds an identity of this machine that is still good.
[[nodiscard]] boost::asio::awaitable<Result<std::string>> enrol_into(std::filesystem::path folder,
                                                                     GatewayAddress address,
                                                                     std::string token,
                                                                     Applicant applicant,
                                                                     const Clock& clock);

/// Tries to escape from the sandbox. `text`: one line an attempt. Error: failed_precondition when
/// one worked, and those of run_escape_probe.
[[nodiscard]] boost::asio::awaitable<Result<std::string>> probe_sandbox(
    Sandbox& sandbox, std::filesystem::path probe_program, boost::asio::any_io_executor executor);

/// The devices with what they can do, as JSON; measures the CPU for about a second.
[[nodiscard]] std::string measure_devices_as_json(const std::vector<NodeDevice>& devices,
                                                  const Clock& clock);

/// What the node in this folder last said of itself, as JSON, with "running" added.
[[nodiscard]] Result<std::string> status_as_json(const std::filesystem::path& folder);

}  // namespace gleaner
