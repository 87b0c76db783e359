#include "client-core/core/guest/idle_history.h"

#include <algorithm>
#include <string_view>

#include "client-core/core/guest/learned_text.h"

namespace gleaner::guest {

namespace {

constexpr std::string_view heading = "gleaner idle history 1\n";
constexpr std::array<Duration, 4> limit_of = {std::chrono::minutes(10), std::chrono::minutes(30),
                                              std::chrono::hours(2), std::chrono::hours(8)};
constexpr Duration look_interval = std::chrono::minutes(10);
constexpr Duration spell_max = std::chrono::hours(24);
constexpr std::uint32_t look_weight = 16;
/// Beyond it all counts of the hour are halved: weeks long past fade.
constexpr std::uint32_t seen_max = 60 * look_weight;
constexpr std::uint32_t seen_min = 3 * look_weight;
/// The same hour of other days tells a little, too.
constexpr std::uint32_t other_day_share = 6;
constexpr std::uint64_t sure_percent = 70;

std::size_t hour_of(const Moment& moment) {
    return (moment.weekday * 24 + moment.minute_of_day() / 60) % 168;
}

}  // namespace

void IdleHistory::note(bool in_use, const Moment& moment) {
    if (in_use && free_since_) learn(moment.now - *free_since_, moment);
    if (in_use) free_since_.reset();
    if (!in_use && !free_since_) free_since_ = moment.now;
}

void IdleHistory::learn(Duration length, const Moment& end) {
    if (length <= Duration{} || length > spell_max) return;
    const auto end_minute = static_cast<std::int64_t>(end.weekday) * 24 * 60 + end.minute_of_day();
    for (Duration left = look_interval / 2; left < length; left += look_interval) {
        const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(left).count();
        const std::int64_t week = 7 * 24 * 60;
        const auto at = static_cast<std::size_t>((end_minute - minutes + 2 * week) % week / 60);
        Hour& hour = hours_[at];
        hour.seen += look_weight;
        for (std::size_t i = 0; i < limits; ++i)
            if (left >= limit_of[i]) hour.stayed[i] += look_weight;
        if (hour.seen < seen_max) continue;
        hour.seen /= 2;
        for (auto& stayed : hour.stayed) stayed /= 2;
    }
}

IdleBucket IdleHistory::forecast(const Moment& moment) const {
    if (!free_since_) return IdleBucket::unknown;
    const std::size_t at = hour_of(moment);
    std::uint64_t seen = 0;
    std::array<std::uint64_t, limits> stayed{};
    for (std::size_t day = 0; day < 7; ++day) {
        const Hour& hour = hours_[day * 24 + at % 24];
        const std::uint32_t share = day == at / 24 ? 1 : other_day_share;
        seen += hour.seen / share;
        for (std::size_t i = 0; i < limits; ++i) stayed[i] += hour.stayed[i] / share;
    }
    if (seen < seen_min) return IdleBucket::unknown;
    auto bucket = IdleBucket::under_10_min;
    for (std::size_t i = 0; i < limits; ++i)
        if (stayed[i] * 100 >= seen * sure_percent)
            bucket = static_cast<IdleBucket>(static_cast<int>(IdleBucket::under_30_min) +
                                             static_cast<int>(i));
    return bucket;
}

std::string IdleHistory::to_text() const {
    std::string text(heading);
    for (const Hour& hour : hours_) {
        text += std::to_string(hour.seen);
        for (const auto stayed : hour.stayed) text += ' ' + std::to_string(stayed);
        text += '\n';
    }
    return text + std::to_string(checksum(text)) + '\n';
}

Result<IdleHistory> IdleHistory::from_text(const std::string& text) {
    const Error corrupt(ErrorCode::data_corrupt,
                        "the learned idle times are damaged: they are learned anew");
    std::string_view rest = text;
    if (!rest.starts_with(heading)) return corrupt;
    rest.remove_prefix(heading.size());
    IdleHistory history;
    for (Hour& hour : history.hours_) {
        if (!take_number(rest, hour.seen) || hour.seen > seen_max) return corrupt;
        for (auto& stayed : hour.stayed)
            if (!take_number(rest, stayed) || stayed > hour.seen) return corrupt;
    }
    const auto body = std::string_view(text).substr(0, text.size() - rest.size());
    std::uint32_t sum = 0;
    if (!take_number(rest, sum) || !rest.empty() || sum != checksum(body)) return corrupt;
    return history;
}

Sentence sentence_of(IdleBucket bucket) {
    switch (bucket) {
        case IdleBucket::unknown:
            return {"Not enough is known yet.", "数据不足，暂无法预测。"};
        case IdleBucket::under_10_min:
            return {"Probably needed again within ten minutes.", "可能在十分钟内被使用。"};
        case IdleBucket::under_30_min:
            return {"Probably free for ten minutes or more.", "可能空闲十分钟以上。"};
        case IdleBucket::under_2_h:
            return {"Probably free for half an hour or more.", "可能空闲半小时以上。"};
        case IdleBucket::under_8_h:
            return {"Probably free for two hours or more.", "可能空闲两小时以上。"};
        case IdleBucket::longer:
            return {"Probably free for eight hours or more.", "可能空闲八小时以上。"};
    }
    return {};
}

}  // namespace gleaner::guest
