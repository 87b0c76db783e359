#pragma once
/// What the owner earns: the coordinator's figures as they were last told, the estimate that they
/// allow, and how good earlier estimates were (a file in the node's folder).

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "client-core/bench/earnings.h"
#include "client-core/runtime/device_inventory.h"
#include "shared/model/sentence.h"
#include "shared/proto/wire.pb.h"
#include "shared/util/clock.h"

namespace gleaner {

namespace control {
class Earnings;
}

/// The machine and its owner, as they are now.
struct EarningSide {
    std::vector<NodeDevice> devices;
    std::array<std::int64_t, 7> idle_seconds{};  ///< on offer, Monday first
    Money electricity_per_kwh;
    std::uint32_t gpu_power_percent = 100;
};

/// Single-threaded.
class EarningsDesk {
public:
    static constexpr std::uint32_t days_usual = 31;
    static constexpr std::uint32_t days_max = 400;

    /// A damaged file is put aside as *.damaged, and damaged() says so.
    EarningsDesk(const std::filesystem::path& folder, const Clock& clock);

    [[nodiscard]] bool damaged() const { return damaged_; }

    /// The coordinator's answer. Notes what is promised for the week to come, and what one that is
    /// over really brought.
    void told(wire::NodeMoney money, const EarningSide& side);
    /// Of another coordinator nothing is known, and what this one let expect is void.
    void forget();

    /// Is what was told younger than `age`, and does it reach back `days`?
    [[nodiscard]] bool knows(std::uint32_t days, Duration age) const;
    /// Each of the last `days`, as far as known, and the estimate.
    void answer(std::uint32_t days, const EarningSide& side, control::Earnings& out) const;

private:
    /// What the estimate is made of and what it says.
    struct Reckoning {
        Estimate estimate;
        std::int64_t assumed_watts = 0;  ///< 0: all are known
    };
    [[nodiscard]] Reckoning reckon(const EarningSide& side) const;
    void keep_promises(const EarningSide& side);
    /// After electricity; nothing when the days are not all told of.
    [[nodiscard]] std::optional<Money> brought(std::int64_t first_day, std::int64_t days,
                                               const EarningSide& side) const;
    [[nodiscard]] std::string in_words(const Reckoning& reckoning, Language language) const;

    std::filesystem::path file_;
    const Clock& clock_;
    EstimateHistory history_;
    bool damaged_ = false;
    std::optional<wire::NodeMoney> money_;
    Time told_at_;
};

}  // namespace gleaner
