#pragma once
/// How fast tokens come at the moment.

#include <cmath>
#include <cstdint>

#include "shared/util/clock.h"

namespace gleaner {

/// Decays exponentially, so that it needs no memory of single answers. Single-threaded.
class TokenRate {
public:
    static constexpr Duration window = 10s;

    void add(std::uint64_t tokens, Time now) {
        sum_ = decayed(now) + static_cast<double>(tokens);
        at_ = now;
    }
    [[nodiscard]] double per_s(Time now) const {
        return decayed(now) / std::chrono::duration<double>(window).count();
    }

private:
    [[nodiscard]] double decayed(Time now) const {
        return sum_ * std::exp(-static_cast<double>((now - at_).count()) /
                               static_cast<double>(window.count()));
    }

    double sum_ = 0;
    Time at_{};
};

}  // namespace gleaner
