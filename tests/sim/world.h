#pragma once
/// Virtual time: one queue of (time, sequence, action). Time jumps to the next action.

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "shared/util/clock.h"
#include "shared/util/random.h"

namespace gleaner::sim {

class World {
public:
    explicit World(std::uint64_t seed) : random(seed) {}

    using Action = std::function<void()>;
    void at(Time time, Action action) {
        queue_.push({time < now ? now : time, next_sequence_++, std::move(action)});
    }
    void after(Duration delay, Action action) { at(now + delay, std::move(action)); }

    /// Does the next action unless it lies after `until`; false when nothing was done.
    bool step(Time until) {
        if (queue_.empty() || queue_.top().at > until) return false;
        auto action = std::move(const_cast<Entry&>(queue_.top()).action);
        now = queue_.top().at;
        queue_.pop();
        action();
        ++steps;
        return true;
    }

    /// Uniform between the two.
    [[nodiscard]] Duration between(Duration least, Duration most) {
        const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
        return least + Duration{static_cast<std::int64_t>(random.below(span))};
    }

    Time now{1'000'000};
    Random random;
    std::uint64_t steps = 0;

private:
    struct Entry {
        Time at;
        std::uint64_t sequence = 0;
        Action action;
        friend bool operator<(const Entry& a, const Entry& b) {
            return std::pair(a.at, a.sequence) > std::pair(b.at, b.sequence);
        }
    };
    std::priority_queue<Entry> queue_;
    std::uint64_t next_sequence_ = 0;
};

}  // namespace gleaner::sim
