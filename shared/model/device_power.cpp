#include "shared/model/device_power.h"

#include <algorithm>

#include "shared/model/gpu_catalogue.h"

namespace gleaner {

DeviceWatts device_watts(std::string_view kind, std::string_view name, std::uint64_t memory_bytes,
                         std::uint32_t power_percent) {
    constexpr std::int64_t processor_watts = 65;
    constexpr std::int64_t graphics_card_watts = 150;
    if (kind == "cpu") return {processor_watts, true};
    const std::int64_t percent = std::min<std::uint32_t>(power_percent, 100);
    if (const GpuCard* const card = find_card(name, memory_bytes); card && card->board_watts > 0)
        return {static_cast<std::int64_t>(card->board_watts) * percent / 100, false};
    return {graphics_card_watts, true};
}

}  // namespace gleaner
