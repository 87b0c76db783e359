#include "client-core/platform/linux/guest/machine_state.h"

#include <algorithm>
#include <array>

#include "client-core/platform/linux/guest/system_file.h"

namespace gleaner::guest {

namespace fs = std::filesystem;

namespace {

/// Drivers of sensors that sit in the processor (Intel, AMD, boards with an ARM processor).
constexpr std::array<std::string_view, 6> processor_sensors = {
    "coretemp", "k10temp", "zenpower", "cpu_thermal", "soc_thermal", "via_cputemp"};

/// A sensor that is not connected shows such values.
constexpr std::int64_t millidegrees_max = 150'000;

std::optional<std::uint32_t> hottest(const fs::path& sensors) {
    std::optional<std::uint32_t> found;
    for (const std::string& name : names_in(sensors)) {
        if (!name.starts_with("temp") || !name.ends_with("_input")) continue;
        const auto value = number_in<std::int64_t>(sensors / name);
        if (!value || *value <= 0 || *value > millidegrees_max) continue;
        found = std::max(found.value_or(0), static_cast<std::uint32_t>(*value / 1000));
    }
    return found;
}

struct Supplies {
    bool mains = false;
    bool mains_online = false;
    bool battery = false;
    bool discharging = false;
};

}  // namespace

std::optional<CpuTicks> read_cpu_ticks(const fs::path& root) {
    const auto text = read_system_file(root / "proc/stat", 4096);
    if (!text || !text->starts_with("cpu ")) return std::nullopt;
    // user nice system idle iowait irq softirq steal; guests are counted within user and nice.
    std::array<std::uint64_t, 8> fields{};
    std::string_view rest = std::string_view(*text).substr(4, text->find('\n') - 4);
    std::size_t count = 0;
    for (; count < fields.size(); ++count) {
        const auto first = rest.find_first_not_of(' ');
        if (first == std::string_view::npos) break;
        rest.remove_prefix(first);
        fields[count] = leading_number<std::uint64_t>(rest).value_or(0);
        rest.remove_prefix(std::min(rest.find(' '), rest.size()));
    }
    if (count < 4) return std::nullopt;
    CpuTicks ticks;
    ticks.busy = fields[0] + fields[1] + fields[2] + fields[5] + fields[6];
    ticks.all = ticks.busy + fields[3] + fields[4] + fields[7];
    return ticks;
}

std::optional<LoadPercent> CpuLoad::next(const CpuTicks& now, std::uint64_t own_ticks) {
    const auto before = before_;
    const std::uint64_t own_before = own_before_;
    before_ = now;
    own_before_ = own_ticks;
    if (!before || now.all <= before->all || now.busy < before->busy) return std::nullopt;
    const std::uint64_t all = now.all - before->all;
    const std::uint64_t busy = now.busy - before->busy;
    // Own ticks fall when a process of the node ends that nobody waited for.
    const std::uint64_t own = own_ticks > own_before ? own_ticks - own_before : 0;
    const std::uint64_t others = busy > own ? busy - own : 0;
    const auto percent = [all](std::uint64_t ticks) {
        return static_cast<std::uint32_t>(
            std::min<std::uint64_t>(100, (ticks * 100 + all / 2) / all));
    };
    return LoadPercent{.all = percent(busy), .others = percent(others)};
}

PowerState read_power_state(const fs::path& root) {
    PowerState state;
    const fs::path folder = root / "sys/class/power_supply";
    std::error_code ec;
    if (!fs::is_directory(folder, ec)) return state;
    Supplies seen;
    for (const std::string& name : names_in(folder)) {
        const fs::path supply = folder / name;
        const std::string type = word_in(supply / "type");
        if (type == "Mains" || type == "USB" || type == "USB_C" || type == "Wireless") {
            seen.mains = seen.mains || type == "Mains";
            seen.mains_online =
                seen.mains_online || number_in<int>(supply / "online").value_or(0) > 0;
        }
        if (type != "Battery" || word_in(supply / "scope") == "Device") continue;
        seen.battery = true;
        seen.discharging = seen.discharging || word_in(supply / "status") == "Discharging";
        const auto percent = number_in<std::uint32_t>(supply / "capacity");
        if (percent) state.percent = std::min({state.percent.value_or(100), *percent, 100U});
    }
    // A battery under a weak charger discharges although mains are there: that is no battery use.
    state.on_battery = seen.battery && !seen.mains_online && (seen.mains || seen.discharging);
    return state;
}

std::optional<std::uint32_t> read_cpu_celsius(const fs::path& root) {
    std::optional<std::uint32_t> found;
    const fs::path folder = root / "sys/class/hwmon";
    for (const std::string& name : names_in(folder)) {
        const std::string driver = word_in(folder / name / "name");
        if (std::find(processor_sensors.begin(), processor_sensors.end(), driver) ==
            processor_sensors.end())
            continue;
        const auto value = hottest(folder / name);
        if (value) found = std::max(found.value_or(0), *value);
    }
    return found;
}

std::optional<std::uint32_t> read_device_celsius(const fs::path& device) {
    std::optional<std::uint32_t> found;
    for (const std::string& name : names_in(device / "hwmon")) {
        const auto value = hottest(device / "hwmon" / name);
        if (value) found = std::max(found.value_or(0), *value);
    }
    return found;
}

std::optional<double> read_device_watts(const fs::path& device) {
    // Microwatts; which of the two there is depends on the driver's version.
    for (const std::string& name : names_in(device / "hwmon")) {
        for (const char* file : {"power1_average", "power1_input"}) {
            const auto micros = number_in<std::uint64_t>(device / "hwmon" / name / file);
            if (micros) return static_cast<double>(*micros) / 1e6;
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> read_memory_available(const fs::path& root) {
    const auto text = read_system_file(root / "proc/meminfo", 4096);
    const auto value = text ? line_value(*text, "MemAvailable") : std::nullopt;
    const auto kilobytes = value ? leading_number<std::uint64_t>(*value) : std::nullopt;
    return kilobytes ? std::optional(*kilobytes * 1024) : std::nullopt;
}

}  // namespace gleaner::guest
