#include "client-core/runtime/device_inventory.h"

#include <algorithm>

#include "client-core/platform/devices.h"
#include "client-core/runtime/wire_words.h"
#include "shared/util/log.h"

namespace gleaner {

namespace {

std::vector<NvidiaDevice> nvidia_devices() {
    const auto management = NvidiaManagement::open({});
    if (!management) {
        if (management.error().code() != ErrorCode::not_found) {
            spdlog::warn("event=nvidia_unusable why=\"{}\"", management.error().message());
        }
        return {};
    }
    auto devices = management.value()->sample();
    return devices ? std::move(devices).value() : std::vector<NvidiaDevice>{};
}

NodeDevice cpu_device(const CpuDevice& cpu, const NodeOptions& options) {
    NodeDevice device;
    device.id = "cpu";
    device.kind = "cpu";
    device.name = printable(cpu.model, 128, false);
    const std::uint64_t default_limit = cpu.memory_total_bytes / 4 * 3;
    device.memory_bytes =
        options.memory_limit_bytes > 0 ? options.memory_limit_bytes : default_limit;
    const std::uint32_t cores = std::max(1u, cpu.cores);
    device.threads = options.threads > 0 ? options.threads : std::max(1u, cores - 1);
    return device;
}

std::string cuda_id(std::uint32_t index) {
    return "cuda" + std::to_string(index);
}

NodeDevice nvidia_device(const NvidiaDevice& gpu) {
    NodeDevice device;
    device.id = cuda_id(gpu.index);
    device.kind = "cuda";
    device.name = printable(gpu.name, 128, false);
    device.driver = printable(gpu.driver, 128, false);
    device.memory_bytes = gpu.memory_free_bytes / 10 * 9;
    device.gpu_layers = -1;
    device.access = {GpuAccess::Kind::nvidia, gpu.minor};
    device.device_nodes = gpu_device_nodes(device.access);
    device.environment = {{"CUDA_VISIBLE_DEVICES", gpu.uuid}};
    return device;
}

NodeDevice render_device(const RenderGpu& gpu, const std::string& backend) {
    NodeDevice device;
    device.id = backend + std::to_string(gpu.card);
    device.kind = backend;
    device.name = printable(gpu.name, 128, false);
    device.evidence = NodeDevice::Evidence::seen;
    device.gpu_layers = -1;
    device.access = {GpuAccess::Kind::render, gpu.minor};
    device.device_nodes = gpu_device_nodes(device.access);
    return device;
}

std::vector<NodeDevice> all_devices(const CpuDevice& cpu, const NodeOptions& options) {
    std::vector<NodeDevice> all;
    for (const NvidiaDevice& gpu : nvidia_devices()) all.push_back(nvidia_device(gpu));
    for (const RenderGpu& gpu : read_render_gpus()) {
        for (const std::string& backend : gpu.backends) {
            all.push_back(render_device(gpu, backend));
            // Shown by the system, but not reachable: in a container without its device node.
            if (all.back().device_nodes.empty()) all.pop_back();
        }
    }
    all.push_back(cpu_device(cpu, options));
    return all;
}

}  // namespace

bool is_usable(const NodeDevice& device) {
    return device.evidence == NodeDevice::Evidence::known ||
           device.evidence == NodeDevice::Evidence::listed;
}

Result<std::vector<NodeDevice>> take_inventory(const NodeOptions& options) {
    GLEANER_TRY(const CpuDevice cpu, read_cpu_device());
    const std::vector<NodeDevice> all = all_devices(cpu, options);
    const auto& wanted = options.devices;
    if (std::find(wanted.begin(), wanted.end(), "all") != wanted.end()) return all;
    std::string here;
    for (const NodeDevice& device : all) here += (here.empty() ? "" : ", ") + device.id;
    std::vector<NodeDevice> chosen;
    for (const std::string& id : wanted) {
        const auto it =
            std::find_if(all.begin(), all.end(), [&id](const NodeDevice& d) { return d.id == id; });
        if (it == all.end()) {
            return Error(ErrorCode::invalid_argument,
                         "the option devices names " + id + "; this machine has: " + here);
        }
        chosen.push_back(*it);
    }
    return chosen;
}

GpuReading read_gpus() {
    GpuReading reading;
    for (const NvidiaDevice& gpu : nvidia_devices()) {
        reading.utilisation_percent =
            std::max(reading.utilisation_percent, std::min(100u, gpu.utilisation_percent));
        reading.celsius = std::max(reading.celsius, gpu.temperature_celsius);
        if (gpu.power_milliwatts > 0)
            reading.watts.emplace_back(cuda_id(gpu.index), (gpu.power_milliwatts + 500) / 1'000);
    }
    return reading;
}

}  // namespace gleaner
