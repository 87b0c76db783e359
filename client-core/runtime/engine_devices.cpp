#include "client-core/runtime/engine_devices.h"

#include <algorithm>
#include <utility>

#include "client-core/runtime/wire_words.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;
namespace fs = std::filesystem;

fs::path programs_folder(const InstalledEngine& engine) {
    const auto slash = engine.manifest.server_path.rfind('/');
    if (slash == std::string::npos) return engine.folder;
    return engine.folder / engine.manifest.server_path.substr(0, slash);
}

bool needs_engine_list(const std::vector<NodeDevice>& devices, const std::string& backend) {
    return std::any_of(devices.begin(), devices.end(), [&](const NodeDevice& device) {
        return device.kind == backend && device.evidence != NodeDevice::Evidence::known;
    });
}

void take_listing(NodeDevice& device, const std::vector<EngineDevice>& listed) {
    const auto usable = std::find_if(listed.begin(), listed.end(), [](const EngineDevice& entry) {
        return entry.memory_free_bytes > 0;
    });
    if (usable == listed.end()) {
        device.evidence = NodeDevice::Evidence::unlisted;
        device.memory_bytes = 0;
        device.engine_device.clear();
        return;
    }
    // Listed before: its models are in that memory now, so what is free then still holds.
    const bool before = device.evidence == NodeDevice::Evidence::listed;
    if (!before) device.memory_bytes = usable->memory_free_bytes / 10 * 9;
    device.evidence = NodeDevice::Evidence::listed;
    device.name = printable(usable->description, 128, false);
    device.engine_device = usable->name;
}

asio::awaitable<NodeDevice> ask_engine(Sandbox& sandbox, fs::path engine_dir, NodeDevice device,
                                       asio::any_io_executor executor) {
    auto listing =
        list_engine_devices(sandbox, std::move(engine_dir), device.device_nodes, executor);
    auto listed = co_await std::move(listing);
    if (listed.has_error()) {
        spdlog::warn("event=devices_not_listed device={} why=\"{}\"", device.id,
                     listed.error().message());
        listed = std::vector<EngineDevice>{};
    }
    take_listing(device, listed.value());
    spdlog::info("event=device_asked_about device={} listed={} name=\"{}\" memory_bytes={}",
                 device.id, device.evidence == NodeDevice::Evidence::listed, device.name,
                 device.memory_bytes);
    co_return device;
}

}  // namespace gleaner
