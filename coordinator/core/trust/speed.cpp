#include "coordinator/core/trust/speed.h"

#include <algorithm>
#include <cmath>

namespace gleaner::core {

namespace {
constexpr double slowest = 0.01;
constexpr double fastest_claim = 100'000;
constexpr double claim_counts = 0.5;
}  // namespace

void Speed::claim(double tokens_per_s) {
    if (!std::isfinite(tokens_per_s) || tokens_per_s <= 0) return;
    const double counted = std::clamp(tokens_per_s * claim_counts, slowest, fastest_claim);
    start_ = claimed_ ? std::min(start_, counted) : counted;
    claimed_ = true;
}

void Speed::observe(double tokens, Duration busy) {
    const double seconds = std::max(static_cast<double>(busy.count()) / 1e6, 0.0);
    const double keep = 1.0 / (1.0 + seconds / forget_after_s);
    if (seconds_ == 0) {
        // The start counts like one second of observation, so that the first burst does not leap.
        tokens_ = start_;
        seconds_ = 1;
    }
    tokens_ = tokens_ * keep + tokens;
    seconds_ = seconds_ * keep + seconds;
    seen_s_ = std::min(seen_s_ + seconds, 1e6);
}

double Speed::tokens_per_s() const {
    if (seconds_ == 0) return start_;
    return std::max(tokens_ / seconds_, slowest);
}

void Speed::restore(double tokens_per_s) {
    if (!std::isfinite(tokens_per_s) || tokens_per_s <= 0) return;
    tokens_ = tokens_per_s;
    seconds_ = 1;
    seen_s_ = observed_after_s;
}

}  // namespace gleaner::core
