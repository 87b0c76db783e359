#pragma once
/// What can compute on this machine. The CPU is read from /proc and /sys, NVIDIA GPUs through their
/// management library; every other GPU through the engine's own list (engine/device_list.h).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "shared/util/result.h"

namespace gleaner {

struct CpuDevice {
    std::string model;
    std::uint32_t cores = 0;    ///< physical
    std::uint32_t threads = 0;  ///< logical
    std::uint64_t memory_total_bytes = 0;
    std::uint64_t memory_available_bytes = 0;  ///< without swapping anything out
    bool avx2 = false;
    bool avx512 = false;
};

/// Reads /proc below `root`. io_failed if that is not there.
[[nodiscard]] Result<CpuDevice> read_cpu_device(const std::filesystem::path& root = "/");

struct NvidiaDevice {
    std::uint32_t index = 0;  ///< NVML's; CUDA may count otherwise: select by uuid
    std::uint32_t minor = 0;  ///< of /dev/nvidia<minor>
    std::string name;
    std::string uuid;    ///< "GPU-…", good for CUDA_VISIBLE_DEVICES
    std::string driver;  ///< version
    std::uint64_t memory_total_bytes = 0;
    std::uint64_t memory_free_bytes = 0;
    std::uint32_t compute_major = 0;  ///< compute capability 8.9 is 8, 9
    std::uint32_t compute_minor = 0;
    std::uint32_t temperature_celsius = 0;  ///< 0 if the GPU does not tell; so with the following
    std::uint32_t utilisation_percent = 0;
    std::uint32_t power_milliwatts = 0;
};

/// NVIDIA's management library, loaded at run time. Holds some megabytes while it lives, so an idle
/// node does not keep one. Single-threaded; sample() takes milliseconds a GPU.
class NvidiaManagement {
public:
    struct Places {
        std::string library = "libnvidia-ml.so.1";
        /// Without one of these there is no driver, and the library is not even looked for.
        std::vector<std::filesystem::path> driver_marks = {"/proc/driver/nvidia", "/dev/nvidiactl"};
    };

    /// not_found: no NVIDIA driver on this machine (no problem). unsupported: a driver, but its
    /// library is missing or refuses; the message has its words.
    [[nodiscard]] static Result<std::unique_ptr<NvidiaManagement>> open(const Places& places);
    ~NvidiaManagement();
    NvidiaManagement(const NvidiaManagement&) = delete;
    NvidiaManagement& operator=(const NvidiaManagement&) = delete;

    /// All GPUs with their present state. A GPU that fell off the bus is left out.
    [[nodiscard]] Result<std::vector<NvidiaDevice>> sample();

private:
    struct Library;
    explicit NvidiaManagement(std::unique_ptr<Library> library);
    std::unique_ptr<Library> library_;
};

/// A GPU that the system's graphics drivers show. Whether an engine can compute on it, and with how
/// much memory, only the engine knows.
struct RenderGpu {
    std::uint32_t card = 0;             ///< of /sys/class/drm/card<card>
    std::uint32_t minor = 0;            ///< of /dev/dri/renderD<minor>
    std::string name;                   ///< "AMD GPU 1002:744c", from the identifiers on the bus
    std::vector<std::string> backends;  ///< kinds of engine package that may drive it, best first
};

/// Reads /sys/class/drm below `root`; sorted by card. Left out: what has no render node (a server's
/// remote console), what a virtual machine pretends to have, and what NVIDIA's own driver drives
/// (NvidiaManagement tells of those). Never fails: what cannot be read is not there.
[[nodiscard]] std::vector<RenderGpu> read_render_gpus(const std::filesystem::path& root = "/");

/// Which GPU a sandbox may reach.
struct GpuAccess {
    enum class Kind : std::uint8_t { none, nvidia, render };  ///< render: AMD, Intel and others
    Kind kind = Kind::none;
    std::uint32_t minor = 0;  ///< of the one GPU; render: 0 means all

    friend bool operator==(const GpuAccess&, const GpuAccess&) = default;
};

/// The device nodes to hand to the sandbox (SandboxSpec::device_nodes): those that exist below
/// `root`, and of the one GPU only.
[[nodiscard]] std::vector<std::filesystem::path> gpu_device_nodes(
    const GpuAccess& access, const std::filesystem::path& root = "/");

}  // namespace gleaner
