#include "coordinator/api/metrics/api_metrics.h"

#include <algorithm>

namespace gleaner::api {

void Histogram::add(Duration value) {
    const double seconds = static_cast<double>(value.count()) / 1e6;
    const auto place = std::ranges::lower_bound(bounds_s, seconds) - bounds_s.begin();
    ++counts_[static_cast<std::size_t>(place)];
    ++count_;
    sum_s_ += seconds;
}

void ApiMetrics::request(const RequestRecord& record) {
    // Routes are patterns and methods a fixed set: the number of series is bounded.
    ++requests_[Key(record.method, record.route, record.status)];
    request_seconds_.add(record.took);
}

}  // namespace gleaner::api
