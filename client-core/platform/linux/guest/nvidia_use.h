#pragma once
/// Who uses NVIDIA's GPUs, from the management library, which is loaded at run time. Holds some
/// megabytes while it lives; not thread-safe; a call may take long while the driver restarts.

#include <cstdint>
#include <map>
#include <memory>

#include "client-core/platform/devices.h"
#include "client-core/platform/linux/guest/device_use.h"
#include "client-core/platform/linux/guest/process_table.h"
#include "shared/util/result.h"

namespace gleaner::guest {

class NvidiaUse {
public:
    /// not_found: no NVIDIA driver. unsupported: a driver, but its library is missing, too old or
    /// refuses; the message has its words.
    [[nodiscard]] static Result<std::unique_ptr<NvidiaUse>> open(
        const NvidiaManagement::Places& places);
    ~NvidiaUse();
    NvidiaUse(const NvidiaUse&) = delete;
    NvidiaUse& operator=(const NvidiaUse&) = delete;

    /// By the number of /dev/nvidia<minor>. A GPU that the driver no longer reaches is `lost` or
    /// left out. An error: the driver is gone or restarts; open anew.
    [[nodiscard]] Result<std::map<std::uint32_t, DeviceUse>> sample(const ProcessTable& processes);

private:
    struct Library;
    explicit NvidiaUse(std::unique_ptr<Library> library);
    std::unique_ptr<Library> library_;
    /// Where the driver's own record of use was read up to, by minor.
    std::map<std::uint32_t, unsigned long long> seen_until_;
    /// Indices as first seen: a GPU that is lost cannot tell its minor any more.
    std::map<unsigned, std::uint32_t> minors_;
};

}  // namespace gleaner::guest
