#pragma once
/// How fast a node runs a model, from work it was seen to do. A claim only sets the start.

#include "shared/util/clock.h"

namespace gleaner::core {

class Speed {
public:
    /// What the node says it can do, generated tokens per second. Counts half, only before anything
    /// was observed, and never raises an earlier claim. Nonsense (negative, not finite) is ignored.
    void claim(double tokens_per_s);

    /// `tokens` of work ended within `busy` time during which the node had work.
    void observe(double tokens, Duration busy);

    /// Work tokens per second; positive.
    [[nodiscard]] double tokens_per_s() const;
    /// Enough was seen to trust it more than the claim.
    [[nodiscard]] bool observed() const { return seen_s_ >= observed_after_s; }

    /// Takes up a kept observation.
    void restore(double tokens_per_s);

private:
    static constexpr double observed_after_s = 0.2;
    static constexpr double default_tokens_per_s = 10;
    static constexpr double forget_after_s = 30;  ///< weight halves over this much busy time

    double start_ = default_tokens_per_s;
    bool claimed_ = false;
    double tokens_ = 0;  ///< decayed sums
    double seconds_ = 0;
    double seen_s_ = 0;
};

}  // namespace gleaner::core
