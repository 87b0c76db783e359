#pragma once
/// The devices this node offers, and how an engine is put on each.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "client-core/platform/devices.h"
#include "client-core/runtime/node_options.h"
#include "shared/util/result.h"

namespace gleaner {

struct NodeDevice {
    /// How sure it is that an engine computes on it. The processor and NVIDIA's GPUs are known from
    /// the system; any other GPU is first seen, then listed by an engine or not.
    enum class Evidence : std::uint8_t { known, seen, listed, unlisted };

    std::string id;      ///< "cpu", "cuda0", "vulkan1"
    std::string kind;    ///< the engine package's backend: "cpu", "cuda", "vulkan"
    std::string name;    ///< "NVIDIA GeForce RTX 4060"
    std::string driver;  ///< empty for a CPU
    /// What the owner lets Gleaner use; 0 until an engine lists it.
    std::uint64_t memory_bytes = 0;
    Evidence evidence = Evidence::known;
    std::string engine_device;  ///< the engine's own name ("Vulkan0"); empty: the only one it sees
    double copy_gib_per_s = 0;
    double fp32_gflops = 0;
    std::uint32_t threads = 1;    ///< CPU threads for an engine on it
    std::int32_t gpu_layers = 0;  ///< -1: all
    GpuAccess access;             ///< which GPU of the system it is
    std::vector<std::filesystem::path> device_nodes;
    std::vector<std::pair<std::string, std::string>> environment;
};

/// May a model be put on it?
[[nodiscard]] bool is_usable(const NodeDevice& device);

/// The machine's devices that the options allow, GPUs first. A GPU that several backends may drive
/// is there once for each. Errors: invalid_argument when the options name a device that is not here
/// (lists those that are); io_failed.
[[nodiscard]] Result<std::vector<NodeDevice>> take_inventory(const NodeOptions& options);

/// How busy and how hot the GPUs are, and what they draw.
struct GpuReading {
    std::uint32_t utilisation_percent = 0;  ///< of the busiest
    std::uint32_t celsius = 0;              ///< of the hottest; 0: unknown
    /// Watts drawn now by device id, of those that can tell.
    std::vector<std::pair<std::string, std::uint32_t>> watts;
};

/// Loads NVIDIA's library, reads and unloads it again: takes some 10 ms and leaves no memory
/// behind.
[[nodiscard]] GpuReading read_gpus();

}  // namespace gleaner
