#include "client-gui/tray/attention.h"

namespace gleaner::gui {

std::optional<Notification> Attention::look(const std::optional<NodeSnapshot>& snapshot) {
    // A node that is away says nothing about whether its troubles are over.
    if (!snapshot || snapshot->phase == Phase::starting || snapshot->phase == Phase::stopping)
        return std::nullopt;
    const bool problem = snapshot->phase == Phase::problem;
    if (!problem) told_problem_.clear();
    // A device that is paused says nothing about whether it works again.
    for (const Device& device : snapshot->devices)
        if (device.activity != Activity::failed && device.activity != Activity::paused)
            told_devices_.remove(device.id);
    if (problem && told_problem_ != snapshot->why.en) {
        told_problem_ = snapshot->why.en;
        return Notification{tr("Gleaner needs you"), text(snapshot->why)};
    }
    for (const Device& device : snapshot->devices) {
        if (device.activity != Activity::failed || told_devices_.contains(device.id)) continue;
        told_devices_.insert(device.id);
        return Notification{tr("%1 does not work any more").arg(device.name), text(device.why)};
    }
    return std::nullopt;
}

}  // namespace gleaner::gui
