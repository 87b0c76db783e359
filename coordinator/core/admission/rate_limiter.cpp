#include "coordinator/core/admission/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace gleaner::core {

double RateLimiter::level(const Bucket& bucket, Time now) {
    const double seconds = static_cast<double>((now - bucket.at).count()) / 1e6;
    const auto& limit = bucket.limit;
    return std::min(limit.burst, bucket.level + std::max(seconds, 0.0) * limit.per_second);
}

std::optional<Duration> RateLimiter::take(const std::string& key, Limit limit, Time now,
                                          double cost) {
    if (buckets_.size() >= forget_at_) {
        forget_full(now);
        forget_at_ = std::max<std::size_t>(1024, buckets_.size() * 2);
    }
    auto& bucket = buckets_.try_emplace(key, Bucket{limit.burst, now, limit}).first->second;
    const double before = level(bucket, now);
    // A limit that was changed: what was used of the old one stays used.
    const double there = std::min(before + limit.burst - bucket.limit.burst, limit.burst);
    const double needed = std::min(cost, limit.burst);
    const bool enough = there >= needed;
    bucket = {enough ? there - cost : there, now, limit};
    if (enough) return std::nullopt;
    return time_for(needed - there, limit);
}

Duration RateLimiter::time_for(double amount, Limit limit) {
    const double wait_s = amount / std::max(limit.per_second, 1e-9);
    return Duration{static_cast<std::int64_t>(std::ceil(std::min(wait_s, 86'400.0) * 1e6))};
}

void RateLimiter::correct(const std::string& key, Time now, double cost) {
    auto& bucket = buckets_.try_emplace(key, Bucket{limit_.burst, now, limit_}).first->second;
    bucket.level = std::min(level(bucket, now) - cost, bucket.limit.burst);
    bucket.at = now;
}

RateLimiter::View RateLimiter::view(const std::string& key, Time now) const {
    const auto found = buckets_.find(key);
    if (found == buckets_.end()) return {limit_.burst, Duration{0}};
    const auto& bucket = found->second;
    const double there = level(bucket, now);
    return {std::max(there, 0.0), time_for(bucket.limit.burst - there, bucket.limit)};
}

void RateLimiter::forget_full(Time now) {
    std::erase_if(buckets_, [&](const auto& entry) {
        return level(entry.second, now) >= entry.second.limit.burst;
    });
}

}  // namespace gleaner::core
