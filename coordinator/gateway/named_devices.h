#pragma once
/// The devices that a node's Hello named. A model that is ready on any other is not believed: trust
/// is kept per device, and a new name would begin it anew.

#include <string>
#include <vector>

#include "shared/model/ids.h"

namespace gleaner::wire {
class Hello;
class ModelState;
}  // namespace gleaner::wire

namespace gleaner::gateway {

class NamedDevices {
public:
    /// Takes the names of this Hello in place of earlier ones.
    void take(const wire::Hello& hello);
    /// False for a model that is READY on a device that was never named; every other state is
    /// heard, since it only takes something away from the node. The first refusal is logged.
    [[nodiscard]] bool allow(const wire::ModelState& state, const NodeId& node);

private:
    std::vector<std::string> ids_;
    bool told_ = false;
};

}  // namespace gleaner::gateway
