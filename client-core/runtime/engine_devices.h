#pragma once
/// What an engine package says of the GPUs that the system only shows: which of them it computes
/// on.

#include <filesystem>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/cache/artefact_cache.h"
#include "client-core/engine/device_list.h"
#include "client-core/platform/sandbox.h"
#include "client-core/runtime/device_inventory.h"

namespace gleaner {

/// The folder of an installed package that holds llama-server.
[[nodiscard]] std::filesystem::path programs_folder(const InstalledEngine& engine);

/// Is there a device that only an engine of this backend can tell about?
[[nodiscard]] bool needs_engine_list(const std::vector<NodeDevice>& devices,
                                     const std::string& backend);

/// Pure: what the engine listed with this one device's nodes in reach makes of it. Of several
/// entries (one GPU by two drivers) the first counts. Nine tenths of the free memory are used, as
/// for NVIDIA's GPUs.
void take_listing(NodeDevice& device, const std::vector<EngineDevice>& listed);

/// Asks the engine in `engine_dir` about a device, which it sees alone in the sandbox, and returns
/// what take_listing makes of it; a device for which the engine fails is unlisted (logged). Takes a
/// second or so. The sandbox must have been proven for it.
[[nodiscard]] boost::asio::awaitable<NodeDevice> ask_engine(Sandbox& sandbox,
                                                            std::filesystem::path engine_dir,
                                                            NodeDevice device,
                                                            boost::asio::any_io_executor executor);

}  // namespace gleaner
