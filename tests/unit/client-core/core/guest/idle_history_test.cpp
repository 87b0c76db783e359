/// Learned idle times: on a café's and a home's weeks, and with files that are damaged.

#include "client-core/core/guest/idle_history.h"

#include <doctest/doctest.h>

#include "shared/util/random.h"

using namespace gleaner;
using namespace gleaner::guest;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// Weeks of life, minute by minute; `used` says whether somebody is there.
class Life {
public:
    template <class Used>
    void weeks(int count, Used used) {
        for (int minute = 0; minute < count * 7 * 24 * 60; ++minute) {
            history.note(used(weekday, minute_of_day), moment());
            now = now + minutes(1);
            minute_of_day = (minute_of_day + 1) % (24 * 60);
            if (minute_of_day == 0) weekday = (weekday + 1) % 7;
        }
    }
    [[nodiscard]] Moment at(std::uint32_t day, std::uint32_t minute) const {
        return {now, day, minute * 60};
    }
    [[nodiscard]] Moment moment() const { return at(weekday, minute_of_day); }

    IdleHistory history;
    Time now{1'000'000};
    std::uint32_t weekday = 0;
    std::uint32_t minute_of_day = 0;
};

}  // namespace

TEST_CASE("a home whose people work by day and play in the evening") {
    Life life;
    const auto used = [](std::uint32_t day, std::uint32_t minute) {
        return day < 5 ? minute >= 19 * 60 && minute < 23 * 60
                       : minute >= 10 * 60 && minute < 24 * 60;
    };
    CHECK(life.history.forecast(life.moment()) == IdleBucket::unknown);
    life.weeks(4, used);
    const Moment night = life.at(1, 23 * 60 + 30);  // Tuesday, 20 h until the next evening
    life.history.note(false, night);
    CHECK(life.history.forecast(night) == IdleBucket::longer);
    CHECK(life.history.forecast(life.at(1, 12 * 60 + 30)) == IdleBucket::under_8_h);
    CHECK(life.history.forecast(life.at(1, 18 * 60 + 30)) <= IdleBucket::under_2_h);
}

TEST_CASE("a café whose seats are free for minutes by day and for hours in the morning") {
    Life life;
    Random random(5);
    bool taken = false;
    const auto used = [&](std::uint32_t, std::uint32_t minute) {
        if (minute >= 3 * 60 && minute < 10 * 60) return taken = false;
        if (random.below(taken ? 90 : 8) == 0) taken = !taken;
        return taken;
    };
    life.weeks(6, used);
    life.history.note(false, life.at(2, 15 * 60));
    CHECK(life.history.forecast(life.at(2, 15 * 60)) <= IdleBucket::under_30_min);
    CHECK(life.history.forecast(life.at(2, 4 * 60)) >= IdleBucket::under_8_h);
}

TEST_CASE("a machine in use has no forecast") {
    Life life;
    life.weeks(2, [](std::uint32_t, std::uint32_t minute) { return minute < 12 * 60; });
    life.history.note(true, life.moment());
    CHECK(life.history.forecast(life.moment()) == IdleBucket::unknown);
}

TEST_CASE("what was learned is kept, and a damaged file is told as such") {
    Life life;
    life.weeks(3, [](std::uint32_t, std::uint32_t minute) { return minute < 9 * 60; });
    const std::string text = life.history.to_text();
    auto read = IdleHistory::from_text(text);
    REQUIRE(read.has_value());
    CHECK(read.value().to_text() == text);
    read.value().note(false, life.moment());
    life.history.note(false, life.moment());
    CHECK(read.value().forecast(life.moment()) == life.history.forecast(life.moment()));

    CHECK(IdleHistory::from_text("").has_error());
    CHECK(IdleHistory::from_text(text + "x").has_error());
    for (std::size_t at = 0; at < text.size(); at += 7) {
        std::string damaged = text;
        damaged[at] = damaged[at] == '1' ? '2' : '1';
        CHECK(IdleHistory::from_text(damaged).has_error());
        CHECK(IdleHistory::from_text(text.substr(0, at)).has_error());
    }
}

TEST_CASE("clocks that jump and machines that sleep harm nothing") {
    IdleHistory history;
    Random random(11);
    Time now{0};
    for (int i = 0; i < 5'000; ++i) {
        now = now + Duration(static_cast<std::int64_t>(random.below(200'000'000'000)) -
                             (random.below(10) == 0 ? 100'000'000'000 : 0));
        const Moment moment{now, static_cast<std::uint32_t>(random.below(7)),
                            static_cast<std::uint32_t>(random.below(24 * 3'600))};
        history.note(random.below(2) == 0, moment);
        (void)history.forecast(moment);
    }
    CHECK(IdleHistory::from_text(history.to_text()).has_value());
}
