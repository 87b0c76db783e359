#pragma once
/// How programs other than the node's use one GPU, put together from what each of them uses.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client-core/core/guest/facts.h"
#include "client-core/platform/linux/guest/process_table.h"

namespace gleaner::guest {

/// One program on one GPU.
struct GpuUser {
    std::int64_t pid = 0;
    std::uint32_t percent = 0;
    std::uint64_t memory_bytes = 0;
};

struct DeviceUse {
    std::optional<std::uint32_t> busy_percent;  ///< by all programs
    std::optional<std::uint32_t> percent;       ///< by others; unset: the driver does not tell
    std::vector<GpuUser> others;                ///< who is not the node
    std::optional<std::uint32_t> celsius;
    std::optional<double> watts;
    std::optional<std::uint64_t> memory_free_bytes;
    std::optional<std::uint64_t> memory_total_bytes;
    bool lost = false;

    /// As facts about the device `id`.
    [[nodiscard]] DeviceFacts facts(std::string id, const ProcessTable& processes) const {
        DeviceFacts facts;
        facts.id = std::move(id);
        facts.celsius = celsius;
        facts.lost = lost;
        if (lost) return facts;
        facts.percent = busy_percent;
        facts.watts = watts;
        facts.memory_free_bytes = memory_free_bytes;
        facts.memory_total_bytes = memory_total_bytes;
        facts.others_percent = percent;
        facts.others_memory_bytes = 0;
        std::vector<GpuUser> sorted = others;
        std::stable_sort(sorted.begin(), sorted.end(), [](const GpuUser& a, const GpuUser& b) {
            return a.percent != b.percent ? a.percent > b.percent : a.memory_bytes > b.memory_bytes;
        });
        for (const GpuUser& user : sorted) {
            *facts.others_memory_bytes += user.memory_bytes;
            const std::string name = processes.name_of(user.pid);
            if (std::find(facts.others.begin(), facts.others.end(), name) == facts.others.end())
                facts.others.push_back(name);
        }
        return facts;
    }
};

}  // namespace gleaner::guest
