#pragma once
/// The GPUs that an engine package can use, by its own account (`llama-server --list-devices`).
/// This is how AMD, Intel and other makers' GPUs are found.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/platform/sandbox.h"
#include "shared/util/result.h"

namespace gleaner {

struct EngineDevice {
    std::string name;         ///< "CUDA0", "Vulkan1": what EngineOptions::device takes
    std::string description;  ///< "NVIDIA GeForce RTX 4060"
    std::uint64_t memory_total_bytes = 0;
    std::uint64_t memory_free_bytes = 0;
    friend bool operator==(const EngineDevice&, const EngineDevice&) = default;
};

/// Pure: lines such as "  CUDA0: NVIDIA H100 (81000 MiB, 80000 MiB free)". data_corrupt if the
/// heading "Available devices:" is missing.
[[nodiscard]] Result<std::vector<EngineDevice>> parse_device_list(std::string_view text);

/// Asks the engine inside the sandbox, with the given device nodes. Takes a second or so, since the
/// GPU's driver is loaded. An empty list means: CPU only.
[[nodiscard]] boost::asio::awaitable<Result<std::vector<EngineDevice>>> list_engine_devices(
    Sandbox& sandbox, std::filesystem::path engine_dir,
    std::vector<std::filesystem::path> device_nodes, boost::asio::any_io_executor executor);

}  // namespace gleaner
