#include <algorithm>
#include <array>
#include <dlfcn.h>
#include <system_error>

#include "client-core/platform/devices.h"

namespace gleaner {

namespace {

// The part of NVML's binary interface used here (nvml.h, stable since driver 319). Declared by hand
// so that building needs no NVIDIA package.
using NvmlDevice = struct NvmlDeviceOpaque*;
using NvmlReturn = int;
constexpr NvmlReturn nvml_success = 0;
constexpr unsigned nvml_temperature_gpu = 0;

struct NvmlMemory {
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
};

struct NvmlUtilization {
    unsigned gpu;
    unsigned memory;
};

}  // namespace

struct NvidiaManagement::Library {
    void* handle = nullptr;
    bool started = false;
    NvmlReturn (*init)() = nullptr;
    NvmlReturn (*shutdown)() = nullptr;
    const char* (*error_string)(NvmlReturn) = nullptr;
    NvmlReturn (*driver_version)(char*, unsigned) = nullptr;
    NvmlReturn (*count)(unsigned*) = nullptr;
    NvmlReturn (*by_index)(unsigned, NvmlDevice*) = nullptr;
    NvmlReturn (*name)(NvmlDevice, char*, unsigned) = nullptr;
    NvmlReturn (*uuid)(NvmlDevice, char*, unsigned) = nullptr;
    NvmlReturn (*memory)(NvmlDevice, NvmlMemory*) = nullptr;
    NvmlReturn (*minor_number)(NvmlDevice, unsigned*) = nullptr;
    NvmlReturn (*compute_capability)(NvmlDevice, int*, int*) = nullptr;
    NvmlReturn (*temperature)(NvmlDevice, unsigned, unsigned*) = nullptr;
    NvmlReturn (*utilization)(NvmlDevice, NvmlUtilization*) = nullptr;
    NvmlReturn (*power)(NvmlDevice, unsigned*) = nullptr;

    ~Library() {
        if (started) shutdown();
        if (handle != nullptr) dlclose(handle);
    }

    template <class Function>
    bool find(const char* symbol, Function& function) {
        function = reinterpret_cast<Function>(dlsym(handle, symbol));
        return function != nullptr;
    }

    bool find_all() {
        return find("nvmlInit_v2", init) && find("nvmlShutdown", shutdown) &&
               find("nvmlErrorString", error_string) &&
               find("nvmlSystemGetDriverVersion", driver_version) &&
               find("nvmlDeviceGetCount_v2", count) &&
               find("nvmlDeviceGetHandleByIndex_v2", by_index) && find("nvmlDeviceGetName", name) &&
               find("nvmlDeviceGetUUID", uuid) && find("nvmlDeviceGetMemoryInfo", memory) &&
               find("nvmlDeviceGetMinorNumber", minor_number) &&
               find("nvmlDeviceGetCudaComputeCapability", compute_capability) &&
               find("nvmlDeviceGetTemperature", temperature) &&
               find("nvmlDeviceGetUtilizationRates", utilization) &&
               find("nvmlDeviceGetPowerUsage", power);
    }

    [[nodiscard]] Error refusal(const char* what, NvmlReturn code) const {
        return {ErrorCode::unsupported, std::string("NVIDIA: ") + what + ": " + error_string(code) +
                                            ": reinstall the driver or restart"};
    }

    /// False if the GPU cannot be used at all.
    bool read(unsigned index, NvidiaDevice& device) const {
        NvmlDevice handle_of = nullptr;
        std::array<char, 96> text{};
        NvmlMemory bytes{};
        if (by_index(index, &handle_of) != nvml_success ||
            name(handle_of, text.data(), text.size()) != nvml_success)
            return false;
        device.index = index;
        device.name = text.data();
        if (uuid(handle_of, text.data(), text.size()) != nvml_success ||
            memory(handle_of, &bytes) != nvml_success ||
            minor_number(handle_of, &device.minor) != nvml_success)
            return false;
        device.uuid = text.data();
        device.memory_total_bytes = bytes.total;
        device.memory_free_bytes = bytes.free;
        int major = 0;
        int minor = 0;
        if (compute_capability(handle_of, &major, &minor) == nvml_success) {
            device.compute_major = static_cast<std::uint32_t>(major);
            device.compute_minor = static_cast<std::uint32_t>(minor);
        }
        // Cheap GPUs lack sensors: their value stays 0.
        NvmlUtilization load{};
        if (utilization(handle_of, &load) == nvml_success) device.utilisation_percent = load.gpu;
        if (temperature(handle_of, nvml_temperature_gpu, &device.temperature_celsius) !=
            nvml_success)
            device.temperature_celsius = 0;
        if (power(handle_of, &device.power_milliwatts) != nvml_success) device.power_milliwatts = 0;
        return true;
    }
};

NvidiaManagement::NvidiaManagement(std::unique_ptr<Library> library)
    : library_(std::move(library)) {}

NvidiaManagement::~NvidiaManagement() = default;

Result<std::unique_ptr<NvidiaManagement>> NvidiaManagement::open(const Places& places) {
    const bool driver = std::any_of(places.driver_marks.begin(), places.driver_marks.end(),
                                    [](const std::filesystem::path& mark) {
                                        std::error_code ec;
                                        return std::filesystem::exists(mark, ec);
                                    });
    if (!driver) return Error(ErrorCode::not_found, "NVIDIA: no driver on this machine");
    auto library = std::make_unique<Library>();
    library->handle = dlopen(places.library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library->handle == nullptr) {
        const char* const why = dlerror();
        return Error(ErrorCode::unsupported,
                     std::string("NVIDIA: the driver is there, its library is not (") +
                         (why != nullptr ? why : places.library) + "): install the package with " +
                         places.library);
    }
    if (!library->find_all()) {
        return Error(ErrorCode::unsupported,
                     "NVIDIA: " + places.library + " lacks functions: the driver is too old");
    }
    const NvmlReturn code = library->init();
    if (code != nvml_success) return library->refusal("its management library refuses", code);
    library->started = true;
    return std::unique_ptr<NvidiaManagement>(new NvidiaManagement(std::move(library)));
}

Result<std::vector<NvidiaDevice>> NvidiaManagement::sample() {
    unsigned count = 0;
    const NvmlReturn code = library_->count(&count);
    if (code != nvml_success) return library_->refusal("counting GPUs", code);
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
