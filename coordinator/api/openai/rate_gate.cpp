#include "coordinator/api/openai/rate_gate.h"

#include <cmath>

namespace gleaner::api {

namespace {

core::RateLimiter::Limit limit_of(std::uint64_t per_minute) {
    const auto burst = static_cast<double>(per_minute);
    return {.per_second = burst / 60, .burst = burst};
}

}  // namespace

RateGate::Meter::Meter(std::string unit_, std::uint64_t per_minute_)
    : unit(std::move(unit_)), per_minute(per_minute_), limiter(limit_of(per_minute_)) {}

RateGate::RateGate(RateLimits limits, const Clock& clock)
    : clock_(clock),
      requests_("requests", limits.requests_per_minute),
      tokens_("tokens", limits.tokens_per_minute) {}

ApiStatus RateGate::take_request(const Caller& caller, Reply* told) {
    return take(requests_, caller, caller.principal.requests_per_minute, 1, told);
}

ApiStatus RateGate::take_tokens(const Caller& caller, std::int64_t expected, Reply* told) {
    return take(tokens_, caller, caller.principal.tokens_per_minute, expected, told);
}

void RateGate::correct_tokens(const Caller& caller, std::int64_t expected, std::int64_t used) {
    if (used == expected) return;
    const auto more = static_cast<double>(used - expected);
    const auto now = clock_.now();
    if (tokens_.per_minute > 0) tokens_.limiter.correct(caller.customer.get(), now, more);
    if (caller.principal.tokens_per_minute > 0)
        tokens_.limiter.correct(caller.principal.credential_id, now, more);
}

ApiStatus RateGate::take(Meter& meter, const Caller& caller, std::int64_t of_key, std::int64_t cost,
                         Reply* told) {
    const bool has_own = of_key > 0;
    const auto& customer = caller.customer.get();
    if (meter.per_minute > 0) {
        auto taken = take_from(meter, customer, meter.per_minute, cost, has_own ? nullptr : told);
        if (taken.has_error()) return taken;
    }
    if (!has_own) return api_ok();
    auto taken = take_from(meter, caller.principal.credential_id,
                           static_cast<std::uint64_t>(of_key), cost, told);
    // What the key may not have the customer has not used.
    if (taken.has_error() && meter.per_minute > 0)
        meter.limiter.correct(customer, clock_.now(), -static_cast<double>(cost));
    return taken;
}

ApiStatus RateGate::take_from(Meter& meter, const std::string& whose, std::uint64_t per_minute,
                              std::int64_t cost, Reply* told) {
    const auto now = clock_.now();
    const auto wait =
        meter.limiter.take(whose, limit_of(per_minute), now, static_cast<double>(cost));
    const auto view = meter.limiter.view(whose, now);
    const auto limit = std::to_string(per_minute);
    const auto left = std::to_string(static_cast<std::uint64_t>(std::floor(view.left)));
    if (told != nullptr) {
        told->add_header("x-ratelimit-limit-" + meter.unit, limit);
        told->add_header("x-ratelimit-remaining-" + meter.unit, left);
        told->add_header("x-ratelimit-reset-" + meter.unit, reset_text(view.full_in));
    }
    if (!wait) return api_ok();
    ApiError error(429, meter.unit, "rate_limit_exceeded",
                   "Rate limit reached on " + meter.unit + " per min: Limit " + limit +
                       ", Remaining " + left + ", Requested " + std::to_string(cost) +
                       ". Please try again in " + reset_text(*wait) + ".");
    return std::move(error).retry_in(*wait);
}

std::string reset_text(Duration time) {
    const auto ms = (time.count() + 999) / 1'000;
    if (ms < 1'000) return std::to_string(ms) + "ms";
    const auto minutes = ms / 60'000;
    const auto rest = ms % 60'000;
    std::string seconds = std::to_string(rest / 1'000);
    if (minutes == 0 && rest % 1'000 != 0) {
        auto fraction = std::to_string(1'000 + rest % 1'000).substr(1);
        fraction.erase(fraction.find_last_not_of('0') + 1);
        seconds += "." + fraction;
    }
    return (minutes > 0 ? std::to_string(minutes) + "m" : "") + seconds + "s";
}

}  // namespace gleaner::api
