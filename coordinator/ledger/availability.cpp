#include "coordinator/ledger/availability.h"

#include <algorithm>

namespace gleaner::ledger {

namespace {
constexpr std::int32_t whole = 10'000;
__extension__ using Wide = __int128;
}  // namespace

std::int32_t availability(const Delivered& delivered) {
    if (delivered.promised_micros <= 0) return whole;
    const Wide there =
        std::clamp<std::int64_t>(delivered.delivered_micros, 0, delivered.promised_micros);
    return static_cast<std::int32_t>(there * whole / delivered.promised_micros);
}

Money availability_credit(const Delivered& delivered, Money charged) {
    const std::int32_t reached = availability(delivered);
    std::int32_t credit = 0;
    for (const auto& step : credit_steps) {
        if (reached < step.below) credit = step.credit;
    }
    const Wide product = static_cast<Wide>(charged.micros) * credit;
    return {static_cast<std::int64_t>((product + whole - 1) / whole)};
}

}  // namespace gleaner::ledger
