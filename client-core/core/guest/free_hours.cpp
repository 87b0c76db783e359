#include "client-core/core/guest/free_hours.h"

#include <algorithm>
#include <string_view>

#include "client-core/core/guest/learned_text.h"

namespace gleaner::guest {

namespace {

constexpr std::string_view heading = "gleaner free hours 1\n";
constexpr Duration asleep_after = std::chrono::minutes(2);
constexpr Duration hour_length = std::chrono::hours(1);
constexpr std::uint32_t whole_hour = 1'000;
constexpr std::uint32_t unknown = whole_hour + 1;
constexpr std::uint32_t old_weight = 3;  ///< against 1 of the latest week

std::size_t hour_of(const Moment& moment) {
    return (moment.weekday * 24 + moment.minute_of_day() / 60) % 168;
}

std::uint32_t thousandths(Duration part, Duration whole) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(
        part.count() * whole_hour / std::max<std::int64_t>(whole.count(), 1), 0, whole_hour));
}

/// Minutes of this hour of the day that are not business hours.
std::int64_t minutes_outside_business(const Settings& settings, std::uint32_t hour_of_day) {
    std::int64_t count = 0;
    for (std::uint32_t minute = 0; minute < 60; ++minute)
        count += in_business(settings, hour_of_day * 60 + minute) ? 0 : 1;
    return count;
}

}  // namespace

void FreeHours::note(bool in_use, const Moment& moment) {
    const std::size_t hour = hour_of(moment);
    const Duration passed = last_ ? moment.now - *last_ : Duration{};
    if (!hour_) hour_ = hour;
    if (passed > Duration{} && passed <= asleep_after) {
        on_ += passed;
        if (!in_use_) free_ += passed;
    }
    if (hour != *hour_) finish_hour(hour, passed);
    last_ = moment.now;
    in_use_ = in_use;
}

void FreeHours::finish_hour(std::size_t next, Duration passed) {
    const std::size_t gone = (next + hours - *hour_) % hours;
    // After a start only the week's clock tells how long the machine was off.
    const bool plausible = !last_ || static_cast<std::int64_t>(gone) <= passed / hour_length + 1;
    if (plausible) {
        if (whole_) blend(*hour_, {thousandths(on_, hour_length), thousandths(free_, hour_length)});
        for (std::size_t i = 1; i < gone; ++i) blend((*hour_ + i) % hours, {});
    }
    // Else the clock was set: what was counted belongs to no hour.
    hour_ = next;
    whole_ = plausible;
    on_ = {};
    free_ = {};
}

void FreeHours::blend(std::size_t hour, const Share& latest) {
    auto& known = shares_[hour];
    if (!known) {
        known = latest;
        return;
    }
    const auto mix = [](std::uint32_t old, std::uint32_t now) {
        return (old * old_weight + now + (old_weight + 1) / 2) / (old_weight + 1);
    };
    known = Share{mix(known->on, latest.on), mix(known->free, latest.free)};
}

FreeHours::Share FreeHours::expected(std::size_t hour) const {
    if (shares_[hour]) return *shares_[hour];
    Share sum;
    std::uint32_t count = 0;
    const auto add = [&](std::size_t at) {
        if (!shares_[at]) return;
        sum.on += shares_[at]->on;
        sum.free += shares_[at]->free;
        ++count;
    };
    for (std::size_t day = 0; day < 7; ++day) add(day * 24 + hour % 24);
    if (count == 0)
        for (std::size_t at = 0; at < hours; ++at) add(at);
    if (count > 0) return {sum.on / count, sum.free / count};
    // The very first hour: it is all that there is to go by.
    if (on_ == Duration{}) return {};
    return {whole_hour, thousandths(free_, on_)};
}

std::array<std::int64_t, 7> FreeHours::on_offer(const Settings& settings, bool seat_told) const {
    std::array<std::int64_t, 7> seconds{};
    for (std::size_t hour = 0; hour < hours; ++hour) {
        if (!settings.hours[hour]) continue;
        const Share share = expected(hour);
        const std::int64_t part =
            settings.when_in_use == Settings::InUse::run ? share.on : share.free;
        const std::int64_t minutes =
            seat_told ? 60
                      : minutes_outside_business(settings, static_cast<std::uint32_t>(hour % 24));
        seconds[hour / 24] += part * minutes * 60 / whole_hour;
    }
    return seconds;
}

std::string FreeHours::to_text() const {
    std::string text(heading);
    const auto line = [&](std::uint64_t a, std::uint64_t b) {
        text += std::to_string(a) + ' ' + std::to_string(b) + '\n';
    };
    for (const auto& share : shares_) {
        if (share) {
            line(share->on, share->free);
        } else {
            line(unknown, unknown);
        }
    }
    line(hour_.value_or(hours), whole_ ? 1 : 0);
    line(static_cast<std::uint64_t>(on_ / 1s), static_cast<std::uint64_t>(free_ / 1s));
    return text + std::to_string(checksum(text)) + '\n';
}

Result<FreeHours> FreeHours::from_text(const std::string& text) {
    const Error corrupt(ErrorCode::data_corrupt,
                        "the learned free hours are damaged: they are learned anew");
    std::string_view rest = text;
    if (!rest.starts_with(heading)) return corrupt;
    rest.remove_prefix(heading.size());
    FreeHours read;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    const auto take_line = [&] { return take_number(rest, a) && take_number(rest, b); };
    for (auto& share : read.shares_) {
        if (!take_line()) return corrupt;
        if (a == unknown && b == unknown) continue;
        if (a > whole_hour || b > a) return corrupt;
        share = Share{a, b};
    }
    if (!take_line() || a > hours || b > 1) return corrupt;
    if (a < hours) read.hour_ = a;
    read.whole_ = b == 1;
    if (!take_line() || a > 3'600 || b > a) return corrupt;
    read.on_ = std::chrono::seconds(a);
    read.free_ = std::chrono::seconds(b);
    const auto body = std::string_view(text).substr(0, text.size() - rest.size());
    std::uint32_t sum = 0;
    if (!take_number(rest, sum) || !rest.empty() || sum != checksum(body)) return corrupt;
    return read;
}

}  // namespace gleaner::guest
