#pragma once
/// A token bucket for bytes, of one direction of one line. Pure: times are handed in.

#include <cstdint>

#include "shared/util/clock.h"

namespace gleaner {

/// Starts full and holds one second's worth; may go into debt, so that a chunk larger than that
/// passes too and those after it wait the longer.
class BandwidthLimit {
public:
    /// 0: no limit. What has been promised already is not taken back.
    void set_rate(std::uint64_t bytes_per_second, Time now);

    /// Books `bytes`, in the order of calls. Returns how long the caller is to wait before it moves
    /// them.
    [[nodiscard]] Duration reserve(std::uint64_t bytes, Time now);

private:
    void refill(Time now);

    double rate_ = 0;
    double level_ = 0;
    Time at_;
};

}  // namespace gleaner
