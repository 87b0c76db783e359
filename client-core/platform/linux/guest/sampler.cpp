#include "client-core/platform/linux/guest/sampler.h"

#include <algorithm>
#include <system_error>
#include <unistd.h>

#include "client-core/platform/linux/guest/system_file.h"

namespace gleaner::guest {

namespace {

bool has_kind(const std::vector<WatchedDevice>& devices, GpuAccess::Kind kind) {
    return std::any_of(devices.begin(), devices.end(),
                       [&](const WatchedDevice& device) { return device.access.kind == kind; });
}

Sentence nvidia_words(const Error& error) {
    return {error.message(), error.code() == ErrorCode::not_found
                                 ? "NVIDIA：本机没有驱动程序"
                                 : "NVIDIA：驱动程序的管理库不可用，请重新安装驱动程序或重启电脑"};
}

}  // namespace

Sampler::Sampler(Places places)
    : places_(std::move(places)), processes_(places_.root), render_(places_.root) {}

Sample Sampler::take(Time now, const std::vector<WatchedDevice>& devices, bool find_keys) {
    Sample sample;
    std::vector<std::int64_t> own_roots = {getpid()};
    if (places_.own_processes) {
        const auto further = places_.own_processes();
        own_roots.insert(own_roots.end(), further.begin(), further.end());
    }
    processes_.look_for_gpus(has_kind(devices, GpuAccess::Kind::render));
    processes_.refresh(now, own_roots);
    sample.programs = processes_.programs();
    const auto ticks = read_cpu_ticks(places_.root);
    if (ticks) sample.cpu = load_.next(*ticks, processes_.own_ticks());
    sample.power = read_power_state(places_.root);
    sample.cpu_celsius = read_cpu_celsius(places_.root);
    sample.memory_available_bytes = read_memory_available(places_.root);
    read_gpus(now, devices, sample);
    look_for_desktops(find_keys, sample);
    return sample;
}

std::optional<std::map<std::uint32_t, DeviceUse>> Sampler::read_nvidia(Time now, Sample& sample) {
    if (nvidia_ == nullptr) {
        if (nvidia_tried_at_ && now - *nvidia_tried_at_ < nvidia_retry) return std::nullopt;
        nvidia_tried_at_ = now;
        auto opened = NvidiaUse::open(places_.nvidia);
        if (!opened) {
            nvidia_problem_ = nvidia_words(opened.error());
            return std::nullopt;
        }
        nvidia_ = std::move(opened.value());
    }
    auto uses = nvidia_->sample(processes_);
    if (!uses) {
        nvidia_problem_ = nvidia_words(uses.error());
        nvidia_.reset();
        return std::nullopt;
    }
    nvidia_worked_ = true;
    sample.gpu.words = {"NVML", "NVML"};
    sample.gpu.works = true;
    return std::move(uses.value());
}

DeviceUse Sampler::render_use(const GpuAccess& access,
                              std::map<std::string, DeviceUse>& uses) const {
    DeviceUse use;
    if (access.minor == 0) {
        use = uses[""];
        use.percent = use.percent.value_or(0);
        return use;
    }
    const std::string address = render_address(places_.root, access.minor);
    if (address.empty()) {
        use.lost = true;
        return use;
    }
    use = uses[address];
    use.percent = use.percent.value_or(0);
    const auto folder =
        places_.root / "sys/class/drm" / ("renderD" + std::to_string(access.minor)) / "device";
    use.celsius = read_device_celsius(folder);
    use.watts = read_device_watts(folder);
    use.busy_percent = number_in<std::uint32_t>(folder / "gpu_busy_percent");
    // Only amdgpu has these files.
    const auto total = number_in<std::uint64_t>(folder / "mem_info_vram_total");
    const auto used = number_in<std::uint64_t>(folder / "mem_info_vram_used");
    if (total && used && *used <= *total) {
        use.memory_total_bytes = total;
        use.memory_free_bytes = *total - *used;
    }
    return use;
}

void Sampler::read_gpus(Time now, const std::vector<WatchedDevice>& devices, Sample& sample) {
    sample.gpu.what = "GPU";
    sample.gpu.words = {"no GPU to watch", "没有需要留意的显卡"};
    std::optional<std::map<std::uint32_t, DeviceUse>> nvidia;
    if (has_kind(devices, GpuAccess::Kind::nvidia)) {
        sample.gpu.words = nvidia_problem_;
        nvidia = read_nvidia(now, sample);
        if (!nvidia) sample.gpu.words = nvidia_problem_;
    } else {
        nvidia_.reset();
    }
    std::map<std::string, DeviceUse> rendering;
    if (has_kind(devices, GpuAccess::Kind::render)) {
        rendering = render_.sample(processes_, now);
        const bool all = geteuid() == 0;
        sample.gpu.words.en = (nvidia ? "NVML, DRM fdinfo" : "DRM fdinfo") +
                              std::string(all ? "" : " (this user's programs only: run as root)");
        sample.gpu.words.zh = (nvidia ? "NVML、DRM fdinfo" : "DRM fdinfo") +
                              std::string(all ? "" : "（仅限本用户的程序：请以 root 身份运行）");
        sample.gpu.works = true;
    }
    for (const WatchedDevice& device : devices) {
        DeviceUse use;
        switch (device.access.kind) {
            case GpuAccess::Kind::none:
                if (sample.cpu) {
                    use.busy_percent = sample.cpu->all;
                    use.percent = sample.cpu->others;
                }
                use.celsius = sample.cpu_celsius;
                break;
            case GpuAccess::Kind::nvidia: {
                const bool told = nvidia && nvidia->contains(device.access.minor);
                if (told) use = nvidia->at(device.access.minor);
                // The node found it here once: what the driver no longer tells of is gone.
                use.lost = use.lost || (!told && (nvidia || nvidia_worked_));
                break;
            }
            case GpuAccess::Kind::render:
                use = render_use(device.access, rendering);
                break;
        }
        DeviceFacts facts = use.facts(device.id, processes_);
        const bool untold = !use.percent && use.others.empty();
        if (device.access.kind == GpuAccess::Kind::none || untold)
            facts.others_memory_bytes.reset();
        sample.devices.push_back(std::move(facts));
    }
}

void Sampler::look_for_desktops(bool find_keys, Sample& sample) {
    // Finding keys reads every process's environment: only when servers came or went,
    // or one that came back under the same name may have another key.
    auto sockets = names_in(places_.root / "tmp/.X11-unix");
    if (find_keys || sockets != x11_sockets_ || x11_.empty()) {
        x11_ = find_x11(places_.root, places_.environment);
        x11_sockets_ = std::move(sockets);
    }
    sample.x11 = x11_;
    sample.wayland = find_wayland(places_.root, places_.environment);
}

}  // namespace gleaner::guest
