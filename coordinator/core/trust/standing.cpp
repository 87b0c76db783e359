#include "coordinator/core/trust/standing.h"

#include <algorithm>
#include <cmath>

#include <boost/json.hpp>

namespace gleaner::core {

namespace {
constexpr double fade = 0.98;          // per check: about the last fifty count
constexpr double failure_keeps = 0.5;  // a miss halves the good evidence …
constexpr double failure_weight = 3;   // … and weighs as much as three passes
constexpr double canary_share_max = 0.25;
constexpr Duration quota_point_back_after = std::chrono::seconds(10);
}  // namespace

void Standing::check_passed(double weight) {
    good_ = good_ * fade + weight;
    bad_ *= fade;
    last_passed_ = true;
}

void Standing::check_failed() {
    good_ *= failure_keeps;
    bad_ = bad_ * fade + failure_weight;
    last_passed_ = false;
}

double Standing::canary_share(double base) const {
    const double doubt = 1 - trust();
    return base + std::max(canary_share_max - base, 0.0) * doubt * doubt;
}

void Standing::item_accepted() {
    quota_ = std::min(quota_ + 1, quota_max);
}

void Standing::blamed(Time now) {
    quota_ = std::max(std::floor(static_cast<double>(quota(now)) / 2), 1.0);
    reduced_at_ = now;
}

std::uint32_t Standing::quota(Time now) const {
    double quota = quota_;
    if (reduced_at_ && quota < quota_start) {
        const auto points =
            std::max((now - *reduced_at_) / quota_point_back_after, std::int64_t{0});
        quota = std::min(quota + static_cast<double>(points), quota_start);
    }
    return static_cast<std::uint32_t>(std::max(quota, 1.0));
}

std::string Standing::to_json() const {
    boost::json::object object;
    object["good"] = good_;
    object["bad"] = bad_;
    object["last_passed"] = last_passed_;
    object["quota"] = quota_;
    if (speed.observed()) object["tokens_per_s"] = speed.tokens_per_s();
    return boost::json::serialize(object);
}

std::optional<Standing> Standing::from_json(std::string_view json) {
    boost::system::error_code problem;
    const auto value =
        boost::json::parse(boost::json::string_view(json.data(), json.size()), problem);
    if (problem || !value.is_object()) return std::nullopt;
    const auto number = [&](const char* name) -> std::optional<double> {
        const auto* field = value.get_object().if_contains(name);
        if (field == nullptr || !field->is_number()) return std::nullopt;
        const double read = field->to_number<double>();
        if (!std::isfinite(read) || read < 0) return std::nullopt;
        return read;
    };
    const auto good = number("good");
    const auto bad = number("bad");
    const auto quota = number("quota");
    if (!good || !bad || !quota || *good + *bad <= 0) return std::nullopt;
    Standing standing;
    standing.good_ = *good;
    standing.bad_ = *bad;
    standing.quota_ = std::clamp(*quota, 1.0, quota_max);
    const auto* passed = value.get_object().if_contains("last_passed");
    standing.last_passed_ = passed != nullptr && passed->is_bool() && passed->get_bool();
    if (const auto rate = number("tokens_per_s")) standing.speed.restore(*rate);
    return standing;
}

}  // namespace gleaner::core
