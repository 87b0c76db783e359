#pragma once
/// How much of each hour of the week this machine is on, and how much of it nobody uses: what the
/// owner can expect to have on offer. A machine that is off is not free. Pure; one thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "client-core/core/guest/policy.h"
#include "client-core/core/guest/settings.h"
#include "shared/util/result.h"

namespace gleaner::guest {

class FreeHours {
public:
    /// Whether somebody uses the machine from now on. Call every few seconds: what lies between two
    /// calls further apart than two minutes is time that the machine slept.
    void note(bool in_use, const Moment& moment);

    /// Seconds of each day of the week, Monday first, in which these settings let the machine
    /// work. An hour that was not lived through yet is taken like the same hour of other days, else
    /// like all that are known. `seat_told`: billing software says who sits there; without it
    /// nothing is on offer during business hours. What pauses the node besides people (games are
    /// people's, a battery, heat) is left out.
    [[nodiscard]] std::array<std::int64_t, 7> on_offer(const Settings& settings,
                                                       bool seat_told) const;

    [[nodiscard]] std::string to_text() const;
    /// Error: data_corrupt. The caller starts anew and says so.
    [[nodiscard]] static Result<FreeHours> from_text(const std::string& text);

private:
    static constexpr std::size_t hours = 168;
    /// Thousandths of an hour.
    struct Share {
        std::uint32_t on = 0;
        std::uint32_t free = 0;  ///< at most `on`
    };
    void finish_hour(std::size_t next, Duration passed);
    void blend(std::size_t hour, const Share& latest);
    [[nodiscard]] Share expected(std::size_t hour) const;

    std::array<std::optional<Share>, hours> shares_{};
    std::optional<std::size_t> hour_;  ///< that is being lived through
    bool whole_ = false;               ///< from its beginning
    Duration on_{};                    ///< of it, so far
    Duration free_{};
    std::optional<Time> last_;
    bool in_use_ = false;
};

}  // namespace gleaner::guest
