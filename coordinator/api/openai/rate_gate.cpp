#include "coordinator/api/openai/rate_gate.h"

#include <cmath>

namespace gleaner::api {

RateGate::Meter::Meter(std::string unit_, std::uint64_t per_minute_)
    : unit(std::move(unit_)),
      per_minute(per_minute_),
      limiter({.per_second = static_cast<double>(per_minute_) / 60,
               .burst = static_cast<double>(per_minute_)}) {}

RateGate::RateGate(RateLimits limits, const Clock& clock) : clock_(clock) {
    if (limits.requests_per_minute > 0) requests_.emplace("requests", limits.requests_per_minute);
    if (limits.tokens_per_minute > 0) tokens_.emplace("tokens", limits.tokens_per_minute);
}

ApiStatus RateGate::take_request(const CustomerId& customer, Reply* told) {
    return take(requests_, customer, 1, told);
}

ApiStatus RateGate::take_tokens(const CustomerId& customer, std::int64_t expected, Reply* told) {
    return take(tokens_, customer, expected, told);
}

void RateGate::correct_tokens(const CustomerId& customer, std::int64_t expected,
                              std::int64_t used) {
    if (!tokens_ || used == expected) return;
    tokens_->limiter.correct(customer.get(), clock_.now(), static_cast<double>(used - expected));
}

ApiStatus RateGate::take(std::optional<Meter>& meter, const CustomerId& customer, std::int64_t cost,
                         Reply* told) {
    if (!meter) return api_ok();
    const auto now = clock_.now();
    const auto wait = meter->limiter.take(customer.get(), now, static_cast<double>(cost));
    const auto view = meter->limiter.view(customer.get(), now);
    const auto limit = std::to_string(meter->per_minute);
    const auto left = std::to_string(static_cast<std::uint64_t>(std::floor(view.left)));
    if (told != nullptr) {
        told->add_header("x-ratelimit-limit-" + meter->unit, limit);
        told->add_header("x-ratelimit-remaining-" + meter->unit, left);
        told->add_header("x-ratelimit-reset-" + meter->unit, reset_text(view.full_in));
    }
    if (!wait) return api_ok();
    ApiError error(429, meter->unit, "rate_limit_exceeded",
                   "Rate limit reached on " + meter->unit + " per min: Limit " + limit +
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
