#include "client-core/core/cache_policy/bandwidth.h"

#include <algorithm>
#include <cmath>

namespace gleaner {

void BandwidthLimit::refill(Time now) {
    const double seconds = std::max(static_cast<double>((now - at_).count()) / 1e6, 0.0);
    level_ = std::min(rate_, level_ + seconds * rate_);
    at_ = now;
}

void BandwidthLimit::set_rate(std::uint64_t bytes_per_second, Time now) {
    refill(now);
    const double rate = static_cast<double>(bytes_per_second);
    // Debt is kept as time, not as bytes: a limit lowered after a large chunk would else close the
    // line for hours.
    level_ = rate_ > 0 ? level_ / rate_ * rate : rate;
    rate_ = rate;
}

Duration BandwidthLimit::reserve(std::uint64_t bytes, Time now) {
    if (rate_ <= 0) return Duration{0};
    refill(now);
    level_ -= static_cast<double>(bytes);
    if (level_ >= 0) return Duration{0};
    const double wait_us = std::min(-level_ / rate_, 86'400.0) * 1e6;
    return Duration{static_cast<std::int64_t>(std::ceil(wait_us))};
}

}  // namespace gleaner
