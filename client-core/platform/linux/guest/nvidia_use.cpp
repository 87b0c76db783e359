#include "client-core/platform/linux/guest/nvidia_use.h"

#include <algorithm>
#include <array>
#include <dlfcn.h>
#include <system_error>
#include <vector>

namespace gleaner::guest {

namespace {

// The part of NVML's binary interface used here (nvml.h), declared by hand so that building needs
// no NVIDIA package.
using NvmlDevice = struct NvmlDeviceOpaque*;
using NvmlReturn = int;
constexpr NvmlReturn nvml_success = 0;
constexpr NvmlReturn nvml_not_found = 6;
constexpr NvmlReturn nvml_insufficient_size = 7;
constexpr NvmlReturn nvml_gpu_is_lost = 15;
constexpr NvmlReturn nvml_reset_required = 16;
constexpr unsigned nvml_temperature_gpu = 0;
constexpr unsigned long long nvml_not_available = ~0ULL;
constexpr unsigned gpus_max = 64;
constexpr unsigned users_max = 1024;

struct NvmlProcess {  // nvmlProcessInfo_t of the functions _v2 and _v3
    unsigned pid;
    unsigned long long memory;
    unsigned gpu_instance;
    unsigned compute_instance;
};

struct NvmlSample {  // nvmlProcessUtilizationSample_t
    unsigned pid;
    unsigned long long micros;
    unsigned compute;
    unsigned memory;
    unsigned encoder;
    unsigned decoder;
};

struct NvmlUtilization {
    unsigned gpu;
    unsigned memory;
};

struct NvmlMemory {  // nvmlMemory_t
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
};

using ListProcesses = NvmlReturn (*)(NvmlDevice, unsigned*, NvmlProcess*);

}  // namespace

struct NvidiaUse::Library {
    void* handle = nullptr;
    bool started = false;
    NvmlReturn (*init)() = nullptr;
    NvmlReturn (*shutdown)() = nullptr;
    const char* (*error_string)(NvmlReturn) = nullptr;
    NvmlReturn (*count)(unsigned*) = nullptr;
    NvmlReturn (*by_index)(unsigned, NvmlDevice*) = nullptr;
    NvmlReturn (*minor_number)(NvmlDevice, unsigned*) = nullptr;
    NvmlReturn (*temperature)(NvmlDevice, unsigned, unsigned*) = nullptr;
    NvmlReturn (*utilization)(NvmlDevice, NvmlUtilization*) = nullptr;
    NvmlReturn (*memory)(NvmlDevice, NvmlMemory*) = nullptr;
    ListProcesses compute = nullptr;
    ListProcesses graphics = nullptr;
    /// Null in old drivers.
    NvmlReturn (*process_utilization)(NvmlDevice, NvmlSample*, unsigned*,
                                      unsigned long long) = nullptr;

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
        static_cast<void>(find("nvmlDeviceGetProcessUtilization", process_utilization));
        return find("nvmlInit_v2", init) && find("nvmlShutdown", shutdown) &&
               find("nvmlErrorString", error_string) && find("nvmlDeviceGetCount_v2", count) &&
               find("nvmlDeviceGetHandleByIndex_v2", by_index) &&
               find("nvmlDeviceGetMinorNumber", minor_number) &&
               find("nvmlDeviceGetTemperature", temperature) &&
               find("nvmlDeviceGetUtilizationRates", utilization) &&
               find("nvmlDeviceGetMemoryInfo", memory) &&
               (find("nvmlDeviceGetComputeRunningProcesses_v3", compute) ||
                find("nvmlDeviceGetComputeRunningProcesses_v2", compute)) &&
               (find("nvmlDeviceGetGraphicsRunningProcesses_v3", graphics) ||
                find("nvmlDeviceGetGraphicsRunningProcesses_v2", graphics));
    }

    [[nodiscard]] Error refusal(const char* what, NvmlReturn code) const {
        return {ErrorCode::unsupported, std::string("NVIDIA: ") + what + ": " + error_string(code) +
                                            ": reinstall the driver or restart"};
    }

    /// Users by process; those of both lists hold their memory once.
    NvmlReturn list(NvmlDevice device, ListProcesses function,
                    std::map<std::int64_t, GpuUser>& users) const {
        std::vector<NvmlProcess> processes(64);
        auto size = static_cast<unsigned>(processes.size());
        NvmlReturn code = function(device, &size, processes.data());
        if (code == nvml_insufficient_size) {
            // Some more, as others may come meanwhile.
            processes.resize(std::min(size + 16, users_max));
            size = static_cast<unsigned>(processes.size());
            code = function(device, &size, processes.data());
        }
        if (code != nvml_success) return code;
        processes.resize(std::min<std::size_t>(size, processes.size()));
        for (const NvmlProcess& process : processes) {
            GpuUser& user = users[process.pid];
            user.pid = process.pid;
            if (process.memory != nvml_not_available)
                user.memory_bytes = std::max<std::uint64_t>(user.memory_bytes, process.memory);
        }
        return code;
    }

    /// Adds each process's share since `seen_until`; false if this driver keeps no such record.
    bool add_shares(NvmlDevice device, unsigned long long& seen_until,
                    std::map<std::int64_t, GpuUser>& users) const {
        if (process_utilization == nullptr) return false;
        unsigned size = 0;
        NvmlReturn code = process_utilization(device, nullptr, &size, seen_until);
        if (code == nvml_not_found || (code == nvml_success && size == 0)) return true;
        if (code != nvml_insufficient_size && code != nvml_success) return false;
        std::vector<NvmlSample> samples(std::min(size, users_max));
        size = static_cast<unsigned>(samples.size());
        code = process_utilization(device, samples.data(), &size, seen_until);
        if (code == nvml_not_found) return true;
        if (code != nvml_success) return false;
        samples.resize(std::min<std::size_t>(size, samples.size()));
        for (const NvmlSample& sample : samples) {
            seen_until = std::max(seen_until, sample.micros);
            const auto user = users.find(sample.pid);
            if (user == users.end()) continue;  // it has ended
            const unsigned most = std::max({sample.compute, sample.encoder, sample.decoder});
            user->second.percent = std::max(user->second.percent, std::min(most, 100U));
        }
        return true;
    }
};

NvidiaUse::NvidiaUse(std::unique_ptr<Library> library) : library_(std::move(library)) {}

NvidiaUse::~NvidiaUse() = default;

Result<std::unique_ptr<NvidiaUse>> NvidiaUse::open(const NvidiaManagement::Places& places) {
    const bool driver = std::any_of(places.driver_marks.begin(), places.driver_marks.end(),
                                    [](const std::filesystem::path& mark) {
                                        std::error_code ec;
                                        return std::filesystem::exists(mark, ec);
                                    });
    if (!driver) return Error(ErrorCode::not_found, "NVIDIA: no driver on this machine");
    auto library = std::make_unique<Library>();
    library->handle = dlopen(places.library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library->handle == nullptr)
        return Error(ErrorCode::unsupported,
                     "NVIDIA: the driver is there, its library is not: "
                     "install the package with " +
                         places.library);
    if (!library->find_all())
        return Error(ErrorCode::unsupported, "NVIDIA: " + places.library +
                                                 " cannot tell who uses a GPU: the driver is too "
                                                 "old (450 or later is needed)");
    const NvmlReturn code = library->init();
    if (code != nvml_success) return library->refusal("its management library refuses", code);
    library->started = true;
    return std::unique_ptr<NvidiaUse>(new NvidiaUse(std::move(library)));
}

Result<std::map<std::uint32_t, DeviceUse>> NvidiaUse::sample(const ProcessTable& processes) {
    unsigned count = 0;
    const NvmlReturn counted = library_->count(&count);
    if (counted != nvml_success) return library_->refusal("counting GPUs", counted);
    std::map<std::uint32_t, DeviceUse> uses;
    for (unsigned index = 0; index < std::min(count, gpus_max); ++index) {
        NvmlDevice device = nullptr;
        NvmlReturn code = library_->by_index(index, &device);
        unsigned minor = 0;
        if (code == nvml_success) code = library_->minor_number(device, &minor);
        if (code == nvml_success) minors_[index] = minor;
        std::map<std::int64_t, GpuUser> users;
        if (code == nvml_success) code = library_->list(device, library_->compute, users);
        // A card for computing only has no such list.
        NvmlReturn drawn = nvml_success;
        if (code == nvml_success) drawn = library_->list(device, library_->graphics, users);
        const auto known = minors_.find(index);
        if (known == minors_.end()) continue;
        DeviceUse& use = uses[known->second];
        for (const NvmlReturn each : {code, drawn}) {
            use.lost = use.lost || each == nvml_gpu_is_lost || each == nvml_reset_required;
        }
        if (use.lost || code != nvml_success) continue;
        unsigned degrees = 0;
        if (library_->temperature(device, nvml_temperature_gpu, &degrees) == nvml_success)
            use.celsius = degrees;
        NvmlMemory memory{};
        if (library_->memory(device, &memory) == nvml_success) {
            use.memory_free_bytes = memory.free;
            use.memory_total_bytes = memory.total;
        }
        const bool shares = library_->add_shares(device, seen_until_[known->second], users);
        bool own_there = false;
        std::uint32_t sum = 0;
        for (const auto& [pid, user] : users) {
            own_there = own_there || processes.own(pid);
            if (processes.own(pid)) continue;
            use.others.push_back(user);
            sum += user.percent;
        }
        NvmlUtilization rates{};
        if (shares) {
            use.percent = std::min(sum, 100U);
        } else if (use.others.empty()) {
            use.percent = 0;
        } else if (!own_there && library_->utilization(device, &rates) == nvml_success) {
            use.percent = std::min(rates.gpu, 100U);  // all of it is theirs
        }
    }
    return uses;
}

}  // namespace gleaner::guest
