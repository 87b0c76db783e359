#pragma once
/// What a batch was admitted on: its prices, its limit, what it was expected to use. Fixed when it
/// is admitted and kept with it. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/price_book.h"

namespace gleaner::ledger {

struct JobTerms {
    Tariff tariff;
    std::optional<Money> max_price;  ///< the customer's; unset: none
    /// The most that one request can cost, all its replicas counted. Zero: the whole batch cannot
    /// cost more than is held for it, so that nothing need be watched.
    Money item_price_max;
    // Of all requests and replicas together; a guess, made before anything was computed.
    std::int64_t expected_prompt_tokens = 0;
    std::int64_t expected_generated_tokens = 0;
    std::vector<std::string> warnings;  ///< what the customer was told
    /// The contract on whose reserved machines it works, and nowhere else; empty: on shared ones.
    std::string reservation;

    [[nodiscard]] bool limited() const { return item_price_max > Money{}; }
    friend bool operator==(const JobTerms&, const JobTerms&) = default;
};

[[nodiscard]] std::string to_text(const JobTerms& terms);
/// Nothing for what to_text() has not made.
[[nodiscard]] std::optional<JobTerms> job_terms_of_text(std::string_view text);

/// Where a batch with a limit stands.
struct JobStanding {
    Money left;  ///< of its maximum price
    std::int64_t items = 0;
    std::int64_t items_left = 0;
    WallTime now;
    WallTime deadline;
    Duration needed{};  ///< time that the rest takes, about
};

/// Should it work now, or wait for a cheaper time band?
struct PriceOutlook {
    Money now;                           ///< what the rest is expected to cost at the present price
    std::optional<WallTime> wait_until;  ///< unset: work now
    Money then;                          ///< the same at that moment
    std::string band;                    ///< that begins then; empty: outside of all
};

/// It waits when the rest is expected to cost more than is left and a cheaper band begins early
/// enough before the deadline: for the first that is cheap enough, else for the cheapest one.
[[nodiscard]] PriceOutlook price_outlook(const JobTerms& terms, const JobStanding& standing);

/// So many requests may be under way, so that the maximum price holds whatever they cost.
[[nodiscard]] std::uint32_t items_at_once(const JobTerms& terms, Money left);

}  // namespace gleaner::ledger
