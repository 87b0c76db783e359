#include "coordinator/gateway/wrong_tokens.h"

#include <algorithm>

namespace gleaner::gateway {

Duration WrongTokens::wait_for(const std::string& address, Time now) const {
    const auto found = addresses_.find(address);
    if (found == addresses_.end() || found->second.empty_at <= now) return Duration::zero();
    const auto full = options_.refill * static_cast<std::int64_t>(options_.burst);
    const auto level = found->second.empty_at - now;
    // A further failure would add one refill: it must still fit.
    return std::max(Duration::zero(), level + options_.refill - full);
}

void WrongTokens::note_failure(const std::string& address, Time now) {
    if (!addresses_.contains(address)) make_room(now);
    auto& bucket = addresses_[address];
    const auto full = options_.refill * static_cast<std::int64_t>(options_.burst);
    bucket.empty_at = std::min(std::max(bucket.empty_at, now) + options_.refill, now + full);
}

void WrongTokens::make_room(Time now) {
    if (addresses_.size() < options_.max_addresses) return;
    std::erase_if(addresses_, [now](const auto& entry) { return entry.second.empty_at <= now; });
    if (addresses_.size() < options_.max_addresses) return;
    const auto oldest = std::min_element(
        addresses_.begin(), addresses_.end(),
        [](const auto& a, const auto& b) { return a.second.empty_at < b.second.empty_at; });
    addresses_.erase(oldest);
}

}  // namespace gleaner::gateway
