#include <array>
#include <utility>

#include "client-core/platform/devices.h"
#include "client-core/platform/linux/nvml_library.h"

namespace gleaner {

struct NvidiaManagement::Library {
    std::unique_ptr<nvml::Library> base;
    nvml::Return (*driver_version)(char*, unsigned) = nullptr;
    nvml::Return (*name)(nvml::Device, char*, unsigned) = nullptr;
    nvml::Return (*uuid)(nvml::Device, char*, unsigned) = nullptr;
    nvml::Return (*memory)(nvml::Device, nvml::Memory*) = nullptr;
    nvml::Return (*compute_capability)(nvml::Device, int*, int*) = nullptr;
    nvml::Return (*temperature)(nvml::Device, unsigned, unsigned*) = nullptr;
    nvml::Return (*utilization)(nvml::Device, nvml::Utilization*) = nullptr;
    nvml::Return (*power)(nvml::Device, unsigned*) = nullptr;

    bool find_all() {
        return base->find("nvmlSystemGetDriverVersion", driver_version) &&
               base->find("nvmlDeviceGetName", name) && base->find("nvmlDeviceGetUUID", uuid) &&
               base->find("nvmlDeviceGetMemoryInfo", memory) &&
               base->find("nvmlDeviceGetCudaComputeCapability", compute_capability) &&
               base->find("nvmlDeviceGetTemperature", temperature) &&
               base->find("nvmlDeviceGetUtilizationRates", utilization) &&
               base->find("nvmlDeviceGetPowerUsage", power);
    }

    /// False if the GPU cannot be used at all.
    bool read(unsigned index, NvidiaDevice& device) const {
        nvml::Device handle_of = nullptr;
        std::array<char, 96> text{};
        nvml::Memory bytes{};
        if (base->by_index(index, &handle_of) != nvml::success ||
            name(handle_of, text.data(), text.size()) != nvml::success)
            return false;
        device.index = index;
        device.name = text.data();
        if (uuid(handle_of, text.data(), text.size()) != nvml::success ||
            memory(handle_of, &bytes) != nvml::success ||
            base->minor_number(handle_of, &device.minor) != nvml::success)
            return false;
        device.uuid = text.data();
        device.memory_total_bytes = bytes.total;
        device.memory_free_bytes = bytes.free;
        int major = 0;
        int minor = 0;
        if (compute_capability(handle_of, &major, &minor) == nvml::success) {
            device.compute_major = static_cast<std::uint32_t>(major);
            device.compute_minor = static_cast<std::uint32_t>(minor);
        }
        // Cheap GPUs lack sensors: their value stays 0.
        nvml::Utilization load{};
        if (utilization(handle_of, &load) == nvml::success) device.utilisation_percent = load.gpu;
        if (temperature(handle_of, nvml::temperature_gpu, &device.temperature_celsius) !=
            nvml::success)
            device.temperature_celsius = 0;
        if (power(handle_of, &device.power_milliwatts) != nvml::success)
            device.power_milliwatts = 0;
        return true;
    }
};

NvidiaManagement::NvidiaManagement(std::unique_ptr<Library> library)
    : library_(std::move(library)) {}

NvidiaManagement::~NvidiaManagement() = default;

Result<std::unique_ptr<NvidiaManagement>> NvidiaManagement::open(const Places& places) {
    auto library = std::make_unique<Library>();
    GLEANER_TRY(library->base, nvml::Library::open(places));
    if (!library->find_all()) {
        return Error(ErrorCode::unsupported,
                     "NVIDIA: " + places.library + " lacks functions: the driver is too old");
    }
    return std::unique_ptr<NvidiaManagement>(new NvidiaManagement(std::move(library)));
}

Result<std::vector<NvidiaDevice>> NvidiaManagement::sample() {
    unsigned count = 0;
    const nvml::Return code = library_->base->count(&count);
    if (code != nvml::success) return library_->base->refusal("counting GPUs", code);
    std::array<char, 96> driver{};
    static_cast<void>(library_->driver_version(driver.data(), driver.size()));
    std::vector<NvidiaDevice> devices;
    for (unsigned index = 0; index < count && index < 256; ++index) {
        NvidiaDevice device;
        device.driver = driver.data();
        if (library_->read(index, device)) devices.push_back(std::move(device));
    }
    return devices;
}

}  // namespace gleaner
