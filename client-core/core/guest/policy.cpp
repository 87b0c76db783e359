#include "client-core/core/guest/policy.h"

#include <algorithm>

namespace gleaner::guest {

namespace {

constexpr std::uint32_t day_minutes = 24 * 60;
constexpr std::size_t failures_max = 3;
constexpr Duration failure_window = std::chrono::hours(1);
constexpr Duration first_block = std::chrono::minutes(10);
constexpr Duration last_block = std::chrono::hours(24);

}  // namespace

void Policy::look_at(Time time) {
    if (!look_again_ || time < *look_again_) look_again_ = time;
}

Decision Policy::decide(const Facts& facts, const Settings& settings, const Moment& moment) {
    const Time now = moment.now;
    look_again_.reset();
    ends_.reset();
    const Found whole = whole_machine(facts, settings, moment);
    Decision decision;
    decision.whole = whole.reason;
    decision.why = sentence_of(whole.reason, whole.details);
    decision.ends = ends_;
    for (const DeviceFacts& one : facts.devices) {
        const Found own = device(one, facts, settings, now);
        const bool all_pause = whole.reason != Reason::none && !whole.throttles;
        const bool own_decides = own.reason != Reason::none && !all_pause;
        const Found& found = own_decides ? own : whole;
        DeviceDecision& result = decision.devices[one.id];
        DeviceState& state = devices_[one.id];
        if (found.reason == Reason::none || found.throttles) {
            state.paused_since.reset();
            if (found.throttles) result.verdict = Verdict::throttle;
        } else {
            if (!state.paused_since) state.paused_since = now;
            result.verdict = Verdict::pause;
            result.release = releases(one, facts, found, settings, now);
        }
        result.reason = found.reason;
        result.why = sentence_of(found.reason, found.details);
    }
    decision.look_again = look_again_;
    return decision;
}

void Policy::pause(std::optional<Time> until) {
    paused_ = true;
    paused_until_ = until;
    resumed_at_.reset();
}

void Policy::pause_until_tomorrow(const Moment& moment) {
    const std::uint32_t minutes =
        (morning_minute + day_minutes - moment.minute_of_day() - 1) % day_minutes + 1;
    pause(moment.now + std::chrono::minutes(minutes) -
          std::chrono::seconds(moment.second_of_day % 60));
}

void Policy::resume(Time now) {
    paused_ = false;
    paused_until_.reset();
    resumed_at_ = now;
}

void Policy::device_failed(const std::string& name, const std::string& why, Time now) {
    DeviceState& state = devices_[name];
    if (state.blocked_until && now - *state.blocked_until > last_block) state.blocks = 0;
    std::erase_if(state.failures, [&](Time at) { return now - at > failure_window; });
    state.failures.push_back(now);
    state.failure = why;
    if (state.failures.size() < failures_max) return;
    state.failures.clear();
    Duration wait = first_block;
    for (std::uint32_t i = 0; i < state.blocks && wait < last_block; ++i) wait *= 2;
    ++state.blocks;
    state.blocked_until = now + std::min(wait, last_block);
}

void Policy::clear_failure(const std::string& name) {
    const auto found = devices_.find(name);
    if (found == devices_.end()) return;
    found->second.failures.clear();
    found->second.blocks = 0;
    found->second.blocked_until.reset();
}

}  // namespace gleaner::guest
