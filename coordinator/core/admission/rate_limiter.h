#pragma once
/// Token buckets by key (an API key, a project): so many requests a second, with a burst.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "shared/util/clock.h"

namespace gleaner::core {

class RateLimiter {
public:
    struct Limit {
        double per_second = 50;
        double burst = 200;
    };
    explicit RateLimiter(Limit limit) : limit_(limit) {}

    /// Takes `cost` from the key's bucket. Nothing: allowed. Else: how long until it would be; the
    /// bucket is unchanged then. A cost over the burst is allowed from a full bucket.
    [[nodiscard]] std::optional<Duration> take(const std::string& key, Time now, double cost = 1) {
        return take(key, limit_, now, cost);
    }
    /// The same for a key with a limit of its own, which holds for it until the next take().
    [[nodiscard]] std::optional<Duration> take(const std::string& key, Limit limit, Time now,
                                               double cost);

    /// Takes more (or with a negative cost gives back) once the true cost is known; may leave the
    /// bucket in debt.
    void correct(const std::string& key, Time now, double cost);

    struct View {
        double left = 0;      ///< at least 0
        Duration full_in{0};  ///< until all of it is there again
    };
    [[nodiscard]] View view(const std::string& key, Time now) const;

    /// Keys with full buckets are forgotten; called by take() now and then.
    void forget_full(Time now);
    [[nodiscard]] std::size_t size() const { return buckets_.size(); }

private:
    struct Bucket {
        double level = 0;
        Time at;
        Limit limit;
    };
    [[nodiscard]] static double level(const Bucket& bucket, Time now);
    [[nodiscard]] static Duration time_for(double amount, Limit limit);

    Limit limit_;
    std::unordered_map<std::string, Bucket> buckets_;
    std::size_t forget_at_ = 1024;
};

}  // namespace gleaner::core
