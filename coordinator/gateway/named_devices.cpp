#include "coordinator/gateway/named_devices.h"

#include <algorithm>
#include <utility>

#include "shared/proto/wire.pb.h"
#include "shared/util/log.h"

namespace gleaner::gateway {

void NamedDevices::take(const wire::Hello& hello) {
    ids_.clear();
    ids_.reserve(static_cast<std::size_t>(hello.devices_size()));
    for (const auto& device : hello.devices()) ids_.push_back(device.id());
}

bool NamedDevices::allow(const wire::ModelState& state, const NodeId& node) {
    if (state.state() != wire::ModelState::READY) return true;
    if (std::ranges::find(ids_, state.device()) != ids_.end()) return true;
    if (!std::exchange(told_, true)) {
        spdlog::warn("gateway: model ready on a device that Hello did not name node={} model={}",
                     node.get(), state.sha256());
    }
    return false;
}

}  // namespace gleaner::gateway
