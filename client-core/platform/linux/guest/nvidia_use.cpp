#include "client-core/platform/linux/guest/nvidia_use.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "client-core/platform/linux/nvml_library.h"

namespace gleaner::guest {

namespace {

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

using ListProcesses = nvml::Return (*)(nvml::Device, unsigned*, NvmlProcess*);

}  // namespace

struct NvidiaUse::Library {
    std::unique_ptr<nvml::Library> base;
    nvml::Return (*temperature)(nvml::Device, unsigned, unsigned*) = nullptr;
    nvml::Return (*utilization)(nvml::Device, nvml::Utilization*) = nullptr;
    nvml::Return (*memory)(nvml::Device, nvml::Memory*) = nullptr;
    ListProcesses compute = nullptr;
    ListProcesses graphics = nullptr;
    /// Null in old drivers.
    nvml::Return (*power_milliwatts)(nvml::Device, unsigned*) = nullptr;
    nvml::Return (*process_utilization)(nvml::Device, NvmlSample*, unsigned*,
                                        unsigned long long) = nullptr;

    bool find_all() {
        static_cast<void>(base->find("nvmlDeviceGetPowerUsage", power_milliwatts));
        static_cast<void>(base->find("nvmlDeviceGetProcessUtilization", process_utilization));
        return base->find("nvmlDeviceGetTemperature", temperature) &&
               base->find("nvmlDeviceGetUtilizationRates", utilization) &&
               base->find("nvmlDeviceGetMemoryInfo", memory) &&
               (base->find("nvmlDeviceGetComputeRunningProcesses_v3", compute) ||
                base->find("nvmlDeviceGetComputeRunningProcesses_v2", compute)) &&
               (base->find("nvmlDeviceGetGraphicsRunningProcesses_v3", graphics) ||
                base->find("nvmlDeviceGetGraphicsRunningProcesses_v2", graphics));
    }

    /// Users by process; those of both lists hold their memory once.
    nvml::Return list(nvml::Device device, ListProcesses function,
                      std::map<std::int64_t, GpuUser>& users) const {
        std::vector<NvmlProcess> processes(64);
        auto size = static_cast<unsigned>(processes.size());
        nvml::Return code = function(device, &size, processes.data());
        if (code == nvml::insufficient_size) {
            // Some more, as others may come meanwhile.
            processes.resize(std::min(size + 16, users_max));
            size = static_cast<unsigned>(processes.size());
            code = function(device, &size, processes.data());
        }
        if (code != nvml::success) return code;
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
    bool add_shares(nvml::Device device, unsigned long long& seen_until,
                    std::map<std::int64_t, GpuUser>& users) const {
        if (process_utilization == nullptr) return false;
        unsigned size = 0;
        nvml::Return code = process_utilization(device, nullptr, &size, seen_until);
        if (code == nvml::not_found || (code == nvml::success && size == 0)) return true;
        if (code != nvml::insufficient_size && code != nvml::success) return false;
        std::vector<NvmlSample> samples(std::min(size, users_max));
        size = static_cast<unsigned>(samples.size());
        code = process_utilization(device, samples.data(), &size, seen_until);
        if (code == nvml::not_found) return true;
        if (code != nvml::success) return false;
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
    auto library = std::make_unique<Library>();
    GLEANER_TRY(library->base, nvml::Library::open(places));
    if (!library->find_all())
        return Error(ErrorCode::unsupported, "NVIDIA: " + places.library +
                                                 " cannot tell who uses a GPU: the driver is too "
                                                 "old (450 or later is needed)");
    return std::unique_ptr<NvidiaUse>(new NvidiaUse(std::move(library)));
}

Result<std::map<std::uint32_t, DeviceUse>> NvidiaUse::sample(const ProcessTable& processes) {
    unsigned count = 0;
    const nvml::Return counted = library_->base->count(&count);
    if (counted != nvml::success) return library_->base->refusal("counting GPUs", counted);
    std::map<std::uint32_t, DeviceUse> uses;
    for (unsigned index = 0; index < std::min(count, gpus_max); ++index) {
        nvml::Device device = nullptr;
        nvml::Return code = library_->base->by_index(index, &device);
        unsigned minor = 0;
        if (code == nvml::success) code = library_->base->minor_number(device, &minor);
        if (code == nvml::success) minors_[index] = minor;
        std::map<std::int64_t, GpuUser> users;
        if (code == nvml::success) code = library_->list(device, library_->compute, users);
        // A card for computing only has no such list.
        nvml::Return drawn = nvml::success;
        if (code == nvml::success) drawn = library_->list(device, library_->graphics, users);
        const auto known = minors_.find(index);
        if (known == minors_.end()) continue;
        DeviceUse& use = uses[known->second];
        for (const nvml::Return each : {code, drawn}) {
            use.lost = use.lost || each == nvml::gpu_is_lost || each == nvml::reset_required;
        }
        if (use.lost || code != nvml::success) continue;
        unsigned degrees = 0;
        if (library_->temperature(device, nvml::temperature_gpu, &degrees) == nvml::success)
            use.celsius = degrees;
        unsigned milliwatts = 0;
        if (library_->power_milliwatts != nullptr &&
            library_->power_milliwatts(device, &milliwatts) == nvml::success)
            use.watts = milliwatts / 1000.0;
        nvml::Memory memory{};
        if (library_->memory(device, &memory) == nvml::success) {
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
        nvml::Utilization rates{};
        if (library_->utilization(device, &rates) == nvml::success)
            use.busy_percent = std::min(rates.gpu, 100U);
        if (shares) {
            use.percent = std::min(sum, 100U);
        } else if (use.others.empty()) {
            use.percent = 0;
        } else if (!own_there) {
            use.percent = use.busy_percent;  // all of it is theirs
        }
    }
    return uses;
}

}  // namespace gleaner::guest
