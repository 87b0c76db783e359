#include "coordinator/core/admission/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace gleaner::core {

double RateLimiter::level(const Bucket& bucket, Time now) const {
    const double seconds = static_cast<double>((now - bucket.at).count()) / 1e6;
    return std::min(limit_.burst, bucket.level + std::max(seconds, 0.0) * limit_.per_second);
}

std::optional<Duration> RateLimiter::take(const std::string& key, Time now, double cost) {
    if (buckets_.size() >= forget_at_) {
        forget_full(now);
        forget_at_ = std::max<std::size_t>(1024, buckets_.size() * 2);
    }
    auto& bucket = buckets_.try_emplace(key, Bucket{limit_.burst, now}).first->second;
    const double there = level(bucket, now);
    const double needed = std::min(cost, limit_.burst);
    if (there >= needed) {
        bucket = {there - cost, now};
        return std::nullopt;
    }
    return time_for(needed - there);
}

Duration RateLimiter::time_for(double amount) const {
    const double wait_s = amount / std::max(limit_.per_second, 1e-9);
    return Duration{static_cast<std::int64_t>(std::ceil(std::min(wait_s, 86'400.0) * 1e6))};
}

void RateLimiter::correct(const std::string& key, Time now, double cost) {
    auto& bucket = buckets_.try_emplace(key, Bucket{limit_.burst, now}).first->second;
    bucket = {std::min(level(bucket, now) - cost, limit_.burst), now};
}

RateLimiter::View RateLimiter::view(const std::string& key, Time now) const {
    const auto found = buckets_.find(key);
    if (found == buckets_.end()) return {limit_.burst, Duration{0}};
    const double there = level(found->second, now);
    return {std::max(there, 0.0), time_for(limit_.burst - there)};
}

void RateLimiter::forget_full(Time now) {
    std::erase_if(buckets_,
                  [&](const auto& entry) { return level(entry.second, now) >= limit_.burst; });
}

}  // namespace gleaner::core
