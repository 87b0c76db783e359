#pragma once
/// Who uses AMD's and Intel's GPUs (and every other whose driver keeps these counters): the
/// kernel's DRM client usage statistics in /proc/<pid>/fdinfo (Documentation/gpu/
/// drm-usage-stats.rst). Other people's processes are seen by root only.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client-core/platform/linux/guest/device_use.h"
#include "client-core/platform/linux/guest/process_table.h"

namespace gleaner::guest {

/// One open file of a GPU. Several may belong to one client.
struct RenderClient {
    std::string gpu;     ///< its address on the bus, "0000:03:00.0"
    std::string client;  ///< unique for one driver
    /// Nanoseconds of use by engine; for drivers that count in cycles, those.
    std::map<std::string, std::uint64_t> engines;
    /// By engine: cycles that passed altogether. Empty where nanoseconds are counted.
    std::map<std::string, std::uint64_t> total_cycles;
    std::map<std::string, std::uint64_t> capacity;  ///< how many of this engine there are, if > 1
    std::uint64_t memory_bytes = 0;                 ///< on the GPU
};

/// Nothing for an open file that is no GPU's.
[[nodiscard]] std::optional<RenderClient> parse_render_client(std::string_view text);

/// The address on the bus of /dev/dri/renderD<minor>; empty if it is not there (any more).
[[nodiscard]] std::string render_address(const std::filesystem::path& root, std::uint32_t minor);

class RenderUse {
public:
    explicit RenderUse(std::filesystem::path root) : root_(std::move(root)) {}

    /// By the address of the GPU; the empty address means all together. A GPU that nobody but the
    /// node has open is not in it. Percentages need a call before this one.
    [[nodiscard]] std::map<std::string, DeviceUse> sample(const ProcessTable& processes, Time now);

private:
    using ClientKey = std::pair<std::string, std::string>;  // GPU, client
    struct Owned {
        RenderClient client;
        std::int64_t pid = 0;
    };

    [[nodiscard]] std::map<ClientKey, Owned> read_all(const ProcessTable& processes) const;
    void add(const Owned& owned, Duration passed, DeviceUse& use,
             std::map<std::string, double>& engines) const;

    std::filesystem::path root_;
    std::map<ClientKey, Owned> before_;
    std::optional<Time> read_at_;
};

}  // namespace gleaner::guest
