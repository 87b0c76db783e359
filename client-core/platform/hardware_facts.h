#pragma once
/// What a machine is, told from its hardware: the identity of a node whose disk is an image shared
/// with a hundred others. Nothing here is read from the image (no machine-id, no host name).

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "shared/model/ids.h"

namespace gleaner {

/// Only values that can tell machines apart; what a maker forgot to fill in is left empty.
struct HardwareFacts {
    std::string system_uuid;    ///< DMI, lower case
    std::string system_serial;  ///< DMI product serial, or the device tree's
    std::string board_serial;
    std::string cpu_model;
    std::vector<std::string> macs;       ///< of built-in network adapters, lower case, sorted
    std::vector<std::string> gpu_uuids;  ///< sorted
    friend bool operator==(const HardwareFacts&, const HardwareFacts&) = default;
};

/// Reads /sys and /proc below `root`. Never fails: what cannot be read is empty. Serial numbers are
/// readable by root only, so the same machine has other facts under another user. USB adapters are
/// left out (they wander), and so are addresses that the system made up.
[[nodiscard]] HardwareFacts read_hardware_facts(const std::filesystem::path& root = "/");

/// Whether anything in it tells this machine from another of its model.
[[nodiscard]] bool identifies_machine(const HardwareFacts& facts);

/// True for "To be filled by O.E.M.", "Default string", all-zero identifiers and the like.
[[nodiscard]] bool is_placeholder(const std::string& value);

/// One line a fact, in a fixed order: what is hashed. GPUs count only where nothing else identifies
/// the machine, since they are exchanged more often than anything else and vanish with their
/// driver.
[[nodiscard]] std::string canonical_facts(const HardwareFacts& facts, std::uint32_t instance);

/// SHA-256 of canonical_facts. `instance` tells several nodes on one host apart (0, 1, …).
[[nodiscard]] Sha256 hardware_fingerprint(const HardwareFacts& facts, std::uint32_t instance);

}  // namespace gleaner
