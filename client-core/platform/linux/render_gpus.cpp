#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

#include "client-core/platform/devices.h"

namespace gleaner {

namespace fs = std::filesystem;

namespace {

struct Maker {
    std::string_view vendor;   ///< PCI identifier as /sys writes it
    std::string_view name;     ///< empty: no real GPU
    std::string_view backend;  ///< of its own, besides Vulkan; empty: none
};

constexpr std::array makers = {
    Maker{"0x1002", "AMD", "rocm"},
    Maker{"0x8086", "Intel", "sycl"},
    Maker{"0x10de", "NVIDIA", ""},
    Maker{"0x1ed5", "Moore Threads", "musa"},
    Maker{"0x1af4", "", ""} /* virtio */,
    Maker{"0x15ad", "", ""} /* VMware */,
    Maker{"0x1234", "", ""} /* Bochs */,
    Maker{"0x1b36", "", ""} /* QXL */,
    Maker{"0x1013", "", ""} /* Cirrus */,
    Maker{"0x1414", "", ""} /* Hyper-V */,
    Maker{"0x80ee", "", ""} /* VirtualBox */,
};

std::string first_word(const fs::path& file) {
    std::ifstream in(file);
    std::string word;
    in >> word;
    return word.substr(0, 16);
}

/// 7 in "card7" for the prefix "card"; nothing for "card7-HDMI-A-1".
std::optional<std::uint32_t> numbered(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    std::uint32_t number = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (problem != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return number;
}

std::optional<std::uint32_t> render_minor(const fs::path& device) {
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(device / "drm", ec)) {
        if (const auto minor = numbered(entry.path().filename().string(), "renderD")) return minor;
    }
    return std::nullopt;
}

std::string without_0x(std::string text) {
    return text.starts_with("0x") ? text.substr(2) : text;
}

std::optional<RenderGpu> read_card(const fs::path& device, std::uint32_t card) {
    const std::string vendor = first_word(device / "vendor");
    const auto minor = render_minor(device);
    if (vendor.empty() || !minor) return std::nullopt;
    const auto* const maker = std::find_if(makers.begin(), makers.end(),
                                           [&](const Maker& one) { return one.vendor == vendor; });
    const bool known = maker != makers.end();
    if (known && maker->name.empty()) return std::nullopt;
    std::error_code ec;
    const std::string driver = fs::read_symlink(device / "driver", ec).filename().string();
    if (driver == "nvidia") return std::nullopt;
    RenderGpu gpu;
    gpu.card = card;
    gpu.minor = *minor;
    gpu.name = (known ? std::string(maker->name) + " GPU " : "GPU ") + without_0x(vendor) + ":" +
               without_0x(first_word(device / "device"));
    if (known && !maker->backend.empty()) gpu.backends.emplace_back(maker->backend);
    gpu.backends.emplace_back("vulkan");
    return gpu;
}

}  // namespace

std::vector<RenderGpu> read_render_gpus(const fs::path& root) {
    std::vector<RenderGpu> gpus;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(root / "sys/class/drm", ec)) {
        const auto card = numbered(entry.path().filename().string(), "card");
        if (!card) continue;
        if (auto gpu = read_card(entry.path() / "device", *card)) gpus.push_back(std::move(*gpu));
    }
    std::sort(gpus.begin(), gpus.end(),
              [](const RenderGpu& a, const RenderGpu& b) { return a.card < b.card; });
    return gpus;
}

}  // namespace gleaner
