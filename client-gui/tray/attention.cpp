#include "client-gui/tray/attention.h"

namespace gleaner::gui {

std::optional<Notification> Attention::look(const std::optional<NodeSnapshot>& snapshot) {
    // A node that is away says nothing about whether its troubles are over.
    if (!snapshot || snapshot->phase == Phase::starting || snapshot->phase == Phase::stopping)
        return std::nullopt;
    QSet<QString> now;
    std::optional<Notification> first;
    const auto trouble = [&](const QString& key, const QString& title, const QString& body) {
        now.insert(key);
        if (!first && !told_.contains(key)) first = Notification{title, body};
    };
    if (snapshot->phase == Phase::problem)
        trouble(snapshot->why.en, tr("Gleaner needs you"), text(snapshot->why));
    for (const Device& device : snapshot->devices)
        if (device.activity == Activity::failed)
            trouble(device.id + device.why.en, tr("%1 does not work any more").arg(device.name),
                    text(device.why));
    told_ = now;
    return first;
}

}  // namespace gleaner::gui
