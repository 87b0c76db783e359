#pragma once
/// Which engine package a node gets. Pure.

#include <string_view>
#include <vector>

#include "coordinator/store/records.h"

namespace gleaner::wire {
class Hello;
}

namespace gleaner::runtime {

/// Is the driver of version `have` as new as `least`? Dotted numbers are compared number by number,
/// a missing one is 0. True when either is empty or has no number in it: what cannot be compared is
/// left to the engine, which finds its device or does not.
[[nodiscard]] bool driver_suffices(std::string_view have, std::string_view least);

/// The package for this node's system and one of its devices; null when there is none. A package
/// whose minimum driver is above that of every device of its backend is passed over. Backends made
/// for one maker's devices come before Vulkan, which comes before the CPU; of two, the one whose
/// device an engine has seen already (memory_bytes > 0); among equals the newest. Points into
/// `packages`.
[[nodiscard]] const store::EnginePackage* choose_engine(
    const std::vector<store::EnginePackage>& packages, const wire::Hello& hello);

}  // namespace gleaner::runtime
