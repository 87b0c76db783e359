#pragma once
/// The devices this node offers, and how an engine is put on each.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "client-core/runtime/node_options.h"
#include "shared/util/result.h"

namespace gleaner {

struct NodeDevice {
    std::string id;                  ///< "cpu", "cuda0"
    std::string kind;                ///< "cpu", "cuda"
    std::string name;                ///< "NVIDIA GeForce RTX 4060"
    std::string driver;              ///< empty for a CPU
    std::uint64_t memory_bytes = 0;  ///< what the owner lets Gleaner use
    double copy_gib_per_s = 0;
    double fp32_gflops = 0;
    std::uint32_t threads = 1;    ///< CPU threads for an engine on it
    std::int32_t gpu_layers = 0;  ///< -1: all
    std::vector<std::filesystem::path> device_nodes;
    std::vector<std::pair<std::string, std::string>> environment;
};

/// The machine's devices that the options allow, GPUs first. Errors: invalid_argument when the
/// options name a device that is not here (lists those that are); io_failed.
[[nodiscard]] Result<std::vector<NodeDevice>> take_inventory(const NodeOptions& options);

/// How busy and how hot the GPUs are.
struct GpuReading {
    std::uint32_t utilisation_percent = 0;  ///< of the busiest
    std::uint32_t celsius = 0;              ///< of the hottest; 0: unknown
};

/// Loads NVIDIA's library, reads and unloads it again: takes some 10 ms and leaves no memory
/// behind.
[[nodiscard]] GpuReading read_gpus();

}  // namespace gleaner
