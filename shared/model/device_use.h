#pragma once
/// How devices spent the time that they were on offer: what was useful, what was lost and to what.
/// Statistics: of money, only how far a guaranteed minimum is paid depends on them. Pure.
///
///     offered = idle + leased        leased = useful + Σ lost        goodput = useful ÷ leased
///
/// Leased and offered are sums of what is counted, so that these hold whatever happens.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/model/sentence.h"

namespace gleaner {

/// What leased time was lost to.
enum class LossCause : std::uint8_t {
    loading,       ///< a model was downloaded or brought into memory
    reclaimed,     ///< the person at the machine, or its rules, took it back
    connection,    ///< the node was lost before its work arrived
    engine,        ///< the engine failed: crash, memory, time, a damaged or missing file
    rejected,      ///< the result did not pass a check
    repeated,      ///< another attempt won
    verification,  ///< known answers and further copies of a result
    cancelled,     ///< cancelled, past its deadline, or a request that no engine takes
    waiting,       ///< work was lent, but the device did not run it yet: the way there and back
};
inline constexpr std::size_t loss_cause_count = 9;
inline constexpr std::array<LossCause, loss_cause_count> loss_causes{
    LossCause::loading,      LossCause::reclaimed, LossCause::connection,
    LossCause::engine,       LossCause::rejected,  LossCause::repeated,
    LossCause::verification, LossCause::cancelled, LossCause::waiting};

/// "loading", "reclaimed", …: for programs.
[[nodiscard]] std::string_view to_string(LossCause cause);
/// "downloading and loading models": for people, after "lost to".
[[nodiscard]] Sentence words_of(LossCause cause);

/// The best datacentre clusters report so much goodput: what the grid's is held against.
inline constexpr std::int64_t datacentre_goodput_permille = 930;

/// Device-microseconds of one or more devices, and their extra energy.
struct DeviceUse {
    std::int64_t idle_micros = 0;  ///< on offer, and no work
    std::int64_t useful_micros = 0;
    std::array<std::int64_t, loss_cause_count> lost_micros{};
    std::int64_t watt_seconds = 0;  ///< drawn above what the machine would have drawn idle

    [[nodiscard]] std::int64_t& lost(LossCause cause) {
        return lost_micros[static_cast<std::size_t>(cause)];
    }
    [[nodiscard]] std::int64_t lost(LossCause cause) const {
        return lost_micros[static_cast<std::size_t>(cause)];
    }
    [[nodiscard]] std::int64_t all_lost() const;
    [[nodiscard]] std::int64_t leased_micros() const { return useful_micros + all_lost(); }
    [[nodiscard]] std::int64_t offered_micros() const { return idle_micros + leased_micros(); }
    /// Rounded down; nothing while nothing was leased.
    [[nodiscard]] std::optional<std::int64_t> goodput_permille() const;
    /// What most was lost to; nothing when nothing was lost.
    [[nodiscard]] std::optional<LossCause> largest_loss() const;

    DeviceUse& operator+=(const DeviceUse& more);
    friend bool operator==(const DeviceUse&, const DeviceUse&) = default;
};

/// `part` in thousandths of `whole`, rounded down; 0 of nothing. Both ≥ 0.
[[nodiscard]] std::int64_t permille_of(std::int64_t part, std::int64_t whole);

/// The goodput and the largest loss in a sentence or two.
[[nodiscard]] Sentence sentence_of(const DeviceUse& use);

}  // namespace gleaner
