#pragma once
/// What a device can earn: "about ¥x–y a month at your idle hours, after about ¥z of electricity",
/// from what the grid really paid for such a card in the last seven days. Nothing is assumed: the
/// range is the spread of those days, and where they say that there is no work, so does this. Pure;
/// money in integer micro-units.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/device_power.h"
#include "shared/model/money.h"
#include "shared/util/result.h"

namespace gleaner {

/// One real day of the grid for one kind of card, all such cards together.
struct GridDay {
    std::int64_t connected_idle_seconds =
        0;                          ///< device-seconds that were on offer; 0: no such card
    std::int64_t sold_seconds = 0;  ///< of them, those that were paid for
    Money paid;                     ///< to the owners
};

/// What the estimate needs to know of this machine and its owner.
struct OwnerSide {
    /// Idle seconds of each day of the week (Monday first) in which the device is on offer.
    std::array<std::int64_t, 7> idle_seconds{};
    std::int64_t watts = 0;  ///< what the machine draws more at work than idle
    Money electricity_per_kwh;
};

enum class Outlook : std::uint8_t {
    too_few_days,   ///< fewer than three of the days had such a card connected
    no_idle_hours,  ///< this machine is never on offer
    no_work,        ///< nothing was sold on any of the days
    loses,          ///< even a good day pays less than the electricity
    earns,
};

/// A month is 30 days.
struct Estimate {
    Outlook outlook = Outlook::too_few_days;
    Money low;               ///< after electricity; negative on days that pay less than it
    Money high;              ///< after electricity
    Money electricity;       ///< at the share of time that is sold on average
    std::uint32_t days = 0;  ///< that it rests on
    friend bool operator==(const Estimate&, const Estimate&) = default;
};

/// What this owner pays for `seconds` at work. Negative seconds cost nothing.
[[nodiscard]] Money electricity_cost(std::int64_t seconds, const OwnerSide& owner);

/// `days`: the last seven, in any order; days without such a card count as no day. Each day gives
/// what an idle second earned; low and high are the second lowest and second highest of these (so
/// one outage or one rush moves nothing), with fewer than five days the lowest and highest.
/// Negative or impossible input (more sold than offered) makes that day no day. Saturates.
[[nodiscard]] Estimate estimate_month(std::span<const GridDay> days, const OwnerSide& owner);

enum class Language : std::uint8_t { english, chinese };

/// The plain sentence for the owner. `currency`: the sign that stands before amounts, "¥".
[[nodiscard]] std::string sentence_of(const Estimate& estimate, Language language,
                                      std::string_view currency = "¥");

/// So many of the device in one machine. Saturates.
[[nodiscard]] Estimate times(Estimate estimate, std::int64_t devices);
/// Of two kinds of device in one machine. What too few days are known of adds nothing.
[[nodiscard]] Estimate together(const Estimate& a, const Estimate& b);

/// Says that `watts` is an assumption.
[[nodiscard]] std::string assumption_of(std::int64_t watts, Language language);

/// One estimate and, once its time is over, what really came.
struct EstimateRecord {
    std::int64_t first_day = 0;  ///< counted as in shared/model/civil_day.h
    std::int64_t days = 0;       ///< that it was for
    Money low;
    Money high;
    std::optional<Money> actual;  ///< after electricity
    friend bool operator==(const EstimateRecord&, const EstimateRecord&) = default;
};

/// How good the estimates were. Of finished records only.
struct EstimateAccuracy {
    std::uint32_t count = 0;
    std::uint32_t inside = 0;  ///< actual within low … high
    Money mean_error;          ///< actual − middle of the range: positive: we promised too little
    Money mean_absolute_error;
    friend bool operator==(const EstimateAccuracy&, const EstimateAccuracy&) = default;
};

/// The estimates of one device, the oldest first; at most a year of weeks.
class EstimateHistory {
public:
    static constexpr std::size_t records_max = 53;

    /// What an estimate says of `days` days from `first_day`. One for a first day: the later wins.
    void promise(std::int64_t first_day, std::int64_t days, const Estimate& estimate);
    /// What that time really brought; false: nothing was promised for it.
    [[nodiscard]] bool settle(std::int64_t first_day, Money actual);

    [[nodiscard]] EstimateAccuracy accuracy() const;
    [[nodiscard]] const std::vector<EstimateRecord>& records() const { return records_; }

    [[nodiscard]] std::string to_json() const;
    /// data_corrupt for anything that to_json does not write.
    [[nodiscard]] static Result<EstimateHistory> parse(std::string_view json);

private:
    std::vector<EstimateRecord> records_;
};

/// "So far estimates were off by ¥x on average; 3 of 4 were right." Empty before the first.
[[nodiscard]] std::string sentence_of(const EstimateAccuracy& accuracy, Language language,
                                      std::string_view currency = "¥");

}  // namespace gleaner
