#pragma once
/// Load, memory, battery and heat, each from one or a few small files. Pure readers of a tree.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace gleaner::guest {

/// Clock ticks of all processors since the start of the system.
struct CpuTicks {
    std::uint64_t busy = 0;
    std::uint64_t all = 0;
};

[[nodiscard]] std::optional<CpuTicks> read_cpu_ticks(const std::filesystem::path& root);

/// Percent of all processors together.
struct LoadPercent {
    std::uint32_t all = 0;
    std::uint32_t others = 0;  ///< by programs other than the node's
    friend bool operator==(const LoadPercent&, const LoadPercent&) = default;
};

/// Load from two readings. Call in regular intervals.
class CpuLoad {
public:
    /// Since the call before; nothing at the first call, or when no time has passed.
    [[nodiscard]] std::optional<LoadPercent> next(const CpuTicks& now, std::uint64_t own_ticks);

private:
    std::optional<CpuTicks> before_;
    std::uint64_t own_before_ = 0;
};

struct PowerState {
    std::optional<bool> on_battery;        ///< false on a machine without one
    std::optional<std::uint32_t> percent;  ///< of the emptiest battery that feeds the system
};

/// Unset where the system does not tell of supplies at all. Batteries of mice and the like do not
/// count.
[[nodiscard]] PowerState read_power_state(const std::filesystem::path& root);

/// The hottest sensor of the processor.
[[nodiscard]] std::optional<std::uint32_t> read_cpu_celsius(const std::filesystem::path& root);

/// Of one device's own sensors, `device` being its folder in /sys.
[[nodiscard]] std::optional<std::uint32_t> read_device_celsius(const std::filesystem::path& device);
[[nodiscard]] std::optional<double> read_device_watts(const std::filesystem::path& device);

[[nodiscard]] std::optional<std::uint64_t> read_memory_available(const std::filesystem::path& root);

}  // namespace gleaner::guest
