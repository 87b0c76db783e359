#pragma once
/// Divides a node's busy time among the requests that run on it at the same time, as the node does
/// itself: for the work of nodes that were lost before they could tell.

#include <cstdint>

#include "shared/util/clock.h"

namespace gleaner::runtime {

class DeviceShare {
public:
    /// So many run from `now` on.
    void run(Time now, std::uint32_t running) {
        micros_ = at(now);
        since_ = now;
        running_ = running;
    }
    /// What a request that ran all the time has used until `now`; differences count. Micros.
    [[nodiscard]] double at(Time now) const {
        if (running_ == 0) return micros_;
        return micros_ + static_cast<double>((now - since_).count()) / running_;
    }

private:
    double micros_ = 0;
    Time since_;
    std::uint32_t running_ = 0;
};

}  // namespace gleaner::runtime
