#pragma once
/// What a device draws at work, for estimates of electricity: the node's and the coordinator's. A
/// measured figure comes first where there is one. Pure.

#include <cstdint>
#include <string_view>

namespace gleaner {

struct DeviceWatts {
    std::int64_t watts = 0;
    bool assumed = false;  ///< nothing is known of this device: a usual figure for its kind
};
/// A known card's board power within the owner's limit; else 65 W for a processor and 150 W for a
/// graphics card. `kind`: "cpu", "cuda", …
[[nodiscard]] DeviceWatts device_watts(std::string_view kind, std::string_view name,
                                       std::uint64_t memory_bytes, std::uint32_t power_percent);

/// What the rest of the machine adds while a device works, in percent of the device's own: its
/// processor and fans, and the tenth that a power supply turns into heat.
inline constexpr std::int64_t rest_of_machine_percent = 20;

/// At the plug, for a device that draws so much.
[[nodiscard]] constexpr std::int64_t watts_at_the_plug(std::int64_t device_watts) {
    return device_watts * (100 + rest_of_machine_percent) / 100;
}

}  // namespace gleaner
