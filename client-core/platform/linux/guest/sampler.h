#pragma once
/// Reads, all at once, what has no event: processes, load, GPU use, power, heat, memory; and looks
/// for desktops. Takes milliseconds and may block in a driver: for a worker's thread.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client-core/core/guest/facts.h"
#include "client-core/platform/guest_watch.h"
#include "client-core/platform/linux/guest/desktop_places.h"
#include "client-core/platform/linux/guest/machine_state.h"
#include "client-core/platform/linux/guest/nvidia_use.h"
#include "client-core/platform/linux/guest/process_table.h"
#include "client-core/platform/linux/guest/render_use.h"

namespace gleaner::guest {

struct Sample {
    std::vector<std::string> programs;
    std::optional<LoadPercent> cpu;
    PowerState power;
    std::optional<std::uint32_t> cpu_celsius;
    std::optional<std::uint64_t> memory_available_bytes;
    std::vector<DeviceFacts> devices;  ///< in the order asked for
    WatchSource gpu;
    std::vector<X11Place> x11;
    std::vector<std::filesystem::path> wayland;
};

/// Not thread-safe: one call at a time.
class Sampler {
public:
    /// After the management library refused, it is tried again so much later.
    static constexpr Duration nvidia_retry = 60s;

    struct Places {
        std::filesystem::path root;
        Environment environment;
        NvidiaManagement::Places nvidia;
        std::function<std::vector<std::int64_t>()> own_processes;
    };

    explicit Sampler(Places places);

    /// `find_keys`: the keys to X servers as found before may be out of date.
    [[nodiscard]] Sample take(Time now, const std::vector<WatchedDevice>& devices,
                              bool find_keys = false);

private:
    void read_gpus(Time now, const std::vector<WatchedDevice>& devices, Sample& sample);
    [[nodiscard]] std::optional<std::map<std::uint32_t, DeviceUse>> read_nvidia(Time now,
                                                                                Sample& sample);
    [[nodiscard]] DeviceUse render_use(const GpuAccess& access,
                                       std::map<std::string, DeviceUse>& uses) const;
    void look_for_desktops(bool find_keys, Sample& sample);

    Places places_;
    ProcessTable processes_;
    CpuLoad load_;
    RenderUse render_;
    std::unique_ptr<NvidiaUse> nvidia_;
    std::optional<Time> nvidia_tried_at_;
    bool nvidia_worked_ = false;
    Sentence nvidia_problem_;
    std::vector<std::string> x11_sockets_;  ///< for which x11_ was found
    std::vector<X11Place> x11_;
};

}  // namespace gleaner::guest
