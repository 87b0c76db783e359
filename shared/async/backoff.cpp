#include "shared/async/backoff.h"

#include <algorithm>

#include "shared/util/check.h"

namespace gleaner {

Backoff::Backoff(Duration base, Duration cap) : base_(base), cap_(cap), previous_(base) {
    GLEANER_CHECK(Duration::zero() < base && base <= cap, "a backoff needs 0 < base <= cap");
}

Duration Backoff::next(Random& random) {
    const auto highest = std::min(cap_, previous_ * 3);
    const auto width = static_cast<std::uint64_t>((highest - base_).count()) + 1;
    previous_ = base_ + Duration{static_cast<std::int64_t>(random.below(width))};
    return previous_;
}

}  // namespace gleaner
