#pragma once
/// How many requests and tokens a minute a customer may ask for, and a key that has limits of its
/// own besides, in OpenAI's words and headers.

#include <cstdint>
#include <string>

#include "coordinator/api/http.h"
#include "coordinator/core/admission/rate_limiter.h"
#include "shared/util/clock.h"

namespace gleaner::api {

/// A minute's worth may come at once. 0: no limit.
struct RateLimits {
    std::uint64_t requests_per_minute = 60'000;
    std::uint64_t tokens_per_minute = 60'000'000;
};

/// Single-threaded. Counts in memory: a restart forgives.
class RateGate {
public:
    RateGate(RateLimits limits, const Clock& clock);

    /// One request of /v1. The x-ratelimit headers go into `told`, unless that is null: the key's
    /// own where it has a limit. Errors: 429 rate_limit_exceeded with the time to wait.
    [[nodiscard]] ApiStatus take_request(const Caller& caller, Reply* told);
    /// The tokens that an online request may take. Errors as above.
    [[nodiscard]] ApiStatus take_tokens(const Caller& caller, std::int64_t expected, Reply* told);
    /// What was taken for it was a guess: `used` is what it took.
    void correct_tokens(const Caller& caller, std::int64_t expected, std::int64_t used);

private:
    struct Meter {
        Meter(std::string unit, std::uint64_t per_minute);
        std::string unit;          ///< "requests", "tokens"
        std::uint64_t per_minute;  ///< of each customer; 0: any number
        core::RateLimiter limiter;
    };
    [[nodiscard]] ApiStatus take(Meter& meter, const Caller& caller, std::int64_t of_key,
                                 std::int64_t cost, Reply* told);
    [[nodiscard]] ApiStatus take_from(Meter& meter, const std::string& whose,
                                      std::uint64_t per_minute, std::int64_t cost, Reply* told);

    const Clock& clock_;
    Meter requests_;
    Meter tokens_;
};

/// As OpenAI writes times in headers: "120ms", "1.5s", "6m0s".
[[nodiscard]] std::string reset_text(Duration time);

}  // namespace gleaner::api
