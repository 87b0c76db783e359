#pragma once
/// How long to wait before trying again, so that thousands of nodes do not return at once.

#include "shared/util/clock.h"
#include "shared/util/random.h"

namespace gleaner {

/// Decorrelated jitter (Brooker, AWS 2015): the next wait is uniform in [base, 3 × previous],
/// at most cap. Pure; the caller brings the randomness.
class Backoff {
public:
    /// 0 < base ≤ cap (checked).
    Backoff(Duration base, Duration cap);

    [[nodiscard]] Duration next(Random& random);
    /// After a success: the next wait starts from base again.
    void reset() { previous_ = base_; }

private:
    Duration base_;
    Duration cap_;
    Duration previous_;
};

}  // namespace gleaner
