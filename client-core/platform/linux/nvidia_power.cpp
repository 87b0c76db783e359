#include "client-core/platform/linux/nvidia_power.h"

#include <algorithm>
#include <array>
#include <utility>

#include "client-core/platform/linux/nvml_library.h"

namespace gleaner {

namespace {

constexpr unsigned gpus_max = 64;

}  // namespace

std::uint32_t NvidiaPowerLimit::at(std::uint32_t percent) const {
    const std::uint64_t wanted = std::uint64_t{usual} * percent / 100;
    return std::clamp(static_cast<std::uint32_t>(wanted), min, std::max(min, max));
}

struct NvidiaPower::Library {
    std::unique_ptr<nvml::Library> base;
    nvml::Return (*uuid)(nvml::Device, char*, unsigned) = nullptr;
    nvml::Return (*now)(nvml::Device, unsigned*) = nullptr;
    nvml::Return (*usual)(nvml::Device, unsigned*) = nullptr;
    nvml::Return (*bounds)(nvml::Device, unsigned*, unsigned*) = nullptr;
    nvml::Return (*set)(nvml::Device, unsigned) = nullptr;

    bool find_all() {
        return base->find("nvmlDeviceGetUUID", uuid) &&
               base->find("nvmlDeviceGetPowerManagementLimit", now) &&
               base->find("nvmlDeviceGetPowerManagementDefaultLimit", usual) &&
               base->find("nvmlDeviceGetPowerManagementLimitConstraints", bounds) &&
               base->find("nvmlDeviceSetPowerManagementLimit", set);
    }

    [[nodiscard]] bool read(nvml::Device device, NvidiaPowerLimit& limit) const {
        std::array<char, 96> text{};
        if (uuid(device, text.data(), text.size()) != nvml::success) return false;
        limit.uuid = text.data();
        return base->minor_number(device, &limit.minor) == nvml::success &&
               now(device, &limit.now) == nvml::success &&
               usual(device, &limit.usual) == nvml::success &&
               bounds(device, &limit.min, &limit.max) == nvml::success;
    }

    /// Calls `each(device, limit)` until it is true.
    template <class Each>
    Status visit(Each each) const {
        unsigned count = 0;
        const nvml::Return code = base->count(&count);
        if (code != nvml::success) return base->refusal("counting GPUs", code);
        for (unsigned index = 0; index < std::min(count, gpus_max); ++index) {
            nvml::Device device = nullptr;
            NvidiaPowerLimit limit;
            if (base->by_index(index, &device) != nvml::success || !read(device, limit)) continue;
            if (each(device, limit)) break;
        }
        return ok();
    }
};

NvidiaPower::NvidiaPower(std::unique_ptr<Library> library) : library_(std::move(library)) {}

NvidiaPower::~NvidiaPower() = default;

Result<std::unique_ptr<NvidiaPower>> NvidiaPower::open(const NvidiaManagement::Places& places) {
    auto library = std::make_unique<Library>();
    GLEANER_TRY(library->base, nvml::Library::open(places));
    if (!library->find_all()) {
        return Error(ErrorCode::unsupported,
                     "NVIDIA: " + places.library + " cannot limit power: the driver is too old");
    }
    return std::unique_ptr<NvidiaPower>(new NvidiaPower(std::move(library)));
}

Result<std::vector<NvidiaPowerLimit>> NvidiaPower::limits() const {
    std::vector<NvidiaPowerLimit> limits;
    GLEANER_TRY(library_->visit([&limits](nvml::Device, const NvidiaPowerLimit& limit) {
        limits.push_back(limit);
        return false;
    }));
    return limits;
}

Status NvidiaPower::set(const std::string& uuid, std::uint32_t milliwatts) const {
    nvml::Device found = nullptr;
    GLEANER_TRY(library_->visit([&](nvml::Device device, const NvidiaPowerLimit& limit) {
        if (limit.uuid == uuid) found = device;
        return found != nullptr;
    }));
    if (found == nullptr)
        return Error(ErrorCode::not_found, "NVIDIA: there is no GPU " + uuid +
                                               " whose power can "
                                               "be limited");
    const nvml::Return code = library_->set(found, milliwatts);
    if (code == nvml::no_permission)
        return Error(ErrorCode::permission_denied,
                     "NVIDIA: only root may limit a GPU's power: run the node as a system service, "
                     "or set the limit with nvidia-smi -pl");
    if (code != nvml::success) return library_->base->refusal("limiting a GPU's power", code);
    return ok();
}

}  // namespace gleaner
