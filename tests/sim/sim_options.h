#pragma once
/// What one run is like. All but the seed is drawn from the seed (swarm testing), so that each run
/// leaves out some faults and has much of others.

#include <cstdint>
#include <string>

#include "shared/util/clock.h"

namespace gleaner::sim {

/// A deliberate lie of the simulated coordinator that a checker must find.
enum class Canary : std::uint8_t {
    none,
    double_settle,
    double_bill,
    lose_item,
    unbalanced,
    stuck_lease,
    ignore_stall,
    false_refusal,
    unnoticed_sleep
};

struct SimOptions {
    std::uint64_t seed = 1;
    std::uint32_t sites = 10;
    std::uint32_t owners = 6;
    std::uint32_t nodes = 100;
    std::uint32_t customers = 4;
    std::uint32_t models = 2;
    std::uint32_t jobs = 12;
    std::uint32_t items_max = 1'500;
    std::uint32_t streams_per_minute = 20;
    Duration churn_for = std::chrono::minutes(30);
    Duration heal_within = std::chrono::minutes(120);

    // Mean times between faults of the whole grid; zero: never.
    Duration nat_drop{};
    Duration power_off{};
    Duration site_power_cut{};
    Duration mass_loss{};
    Duration reclaim{};
    Duration coordinator_kill{};
    Duration shutdown{};
    Duration coordinator_sleep{};  ///< its process is suspended for a while
    Duration model_change{};       ///< a model is removed and comes back with fewer known answers
    Duration store_trouble{};      ///< the disk is full for a while
    Duration commit_delay = std::chrono::milliseconds(5);

    double cheats = 0;      ///< share of nodes that make answers up
    double rejecters = 0;   ///< share of nodes that refuse every request
    double slow_nodes = 0;  ///< share of nodes twenty times slower than they claim
    double poison = 0;      ///< share of items that crash any engine
    double rejected = 0;    ///< share of items that every engine refuses
    double load_failures = 0;
    bool diskless = false;  ///< a node that was off has nothing cached
    Canary canary = Canary::none;
};

[[nodiscard]] SimOptions draw_options(std::uint64_t seed);
[[nodiscard]] std::string describe(const SimOptions& options);

}  // namespace gleaner::sim
