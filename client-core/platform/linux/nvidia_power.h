#pragma once
/// The power limits of NVIDIA's GPUs, through their management library, which is loaded at run
/// time.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client-core/platform/devices.h"
#include "shared/util/result.h"

namespace gleaner {

/// All in milliwatts.
struct NvidiaPowerLimit {
    std::uint32_t minor = 0;  ///< of /dev/nvidia<minor>
    std::string uuid;         ///< "GPU-…"
    std::uint32_t now = 0;
    std::uint32_t usual = 0;  ///< the driver's default
    std::uint32_t min = 0;
    std::uint32_t max = 0;

    /// What `percent` of the usual limit is on this GPU, which goes no lower than its minimum.
    [[nodiscard]] std::uint32_t at(std::uint32_t percent) const;
};

/// Single-threaded; calls take milliseconds, more while the driver wakes.
class NvidiaPower {
public:
    /// Errors: those of NvidiaManagement::open.
    [[nodiscard]] static Result<std::unique_ptr<NvidiaPower>> open(
        const NvidiaManagement::Places& places);
    ~NvidiaPower();
    NvidiaPower(const NvidiaPower&) = delete;
    NvidiaPower& operator=(const NvidiaPower&) = delete;

    /// Of all GPUs that have a limit; laptops' often have none that can be set. Error: unsupported.
    [[nodiscard]] Result<std::vector<NvidiaPowerLimit>> limits() const;
    /// Errors: permission_denied unless this process is root; not_found: no such GPU (any more);
    /// unsupported.
    [[nodiscard]] Status set(const std::string& uuid, std::uint32_t milliwatts) const;

private:
    struct Library;
    explicit NvidiaPower(std::unique_ptr<Library> library);
    std::unique_ptr<Library> library_;
};

}  // namespace gleaner
