#pragma once
/// The promise that goes with reserved capacity: how much of it was there, and what is given back
/// when it was less than promised. Pure.

#include <array>
#include <cstdint>

#include "shared/model/money.h"

namespace gleaner::ledger {

/// Device time of a reservation in a month. Time for which no machine was there was never charged;
/// time in which the customer had stopped the reservation is in neither.
struct Delivered {
    std::int64_t promised_micros = 0;
    std::int64_t delivered_micros = 0;  ///< never counted above what was promised
};

/// In hundredths of a per cent, rounded down: 9 950 is 99.50 %. Nothing promised is all delivered.
[[nodiscard]] std::int32_t availability(const Delivered& delivered);

/// Below `below` hundredths of a per cent, `credit` basis points of what was charged come back.
struct CreditStep {
    std::int32_t below = 0;
    std::int32_t credit = 0;
};

/// Steps of the promise, from the mildest to the worst: the last one that applies counts.
inline constexpr std::array credit_steps{CreditStep{9'900, 1'000}, CreditStep{9'500, 2'500},
                                         CreditStep{9'000, 5'000}};

/// What a month's shortfall gives back of what was charged for the reservation, rounded up.
[[nodiscard]] Money availability_credit(const Delivered& delivered, Money charged);

}  // namespace gleaner::ledger
