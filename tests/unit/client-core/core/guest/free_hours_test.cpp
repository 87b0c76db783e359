/// The hours that a machine has on offer: learned from weeks of life, cut by settings, and kept
/// over restarts, sleep, clocks that are set and damaged files.

#include "client-core/core/guest/free_hours.h"

#include <numeric>

#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::guest;

namespace {

constexpr std::uint32_t day_minutes = 24 * 60;

/// Weeks of life, minute by minute: who is there, and is the machine on?
class Life {
public:
    template <class Used, class On>
    void minutes(int count, Used used, On on) {
        for (int i = 0; i < count; ++i) {
            if (on(weekday, minute)) hours.note(used(weekday, minute), moment());
            now = now + 1min;
            minute = (minute + 1) % day_minutes;
            if (minute == 0) weekday = (weekday + 1) % 7;
        }
    }
    template <class Used, class On>
    void weeks(int count, Used used, On on) {
        minutes(count * 7 * static_cast<int>(day_minutes), used, on);
    }
    [[nodiscard]] Moment moment() const { return {now, weekday, minute * 60}; }

    FreeHours hours;
    Time now{1'000'000};
    std::uint32_t weekday = 0;
    std::uint32_t minute = 0;
};

bool always(std::uint32_t, std::uint32_t) {
    return true;
}
bool never(std::uint32_t, std::uint32_t) {
    return false;
}
bool in_the_evening(std::uint32_t, std::uint32_t minute) {
    return minute >= 18 * 60 && minute < 22 * 60;
}

std::int64_t week(const FreeHours& hours, const Settings& settings, bool seat_told = true) {
    const auto days = hours.on_offer(settings, seat_told);
    return std::accumulate(days.begin(), days.end(), std::int64_t{0});
}

}  // namespace

TEST_CASE("nothing is on offer before anything is known, and the first minutes count at once") {
    Life life;
    CHECK(week(life.hours, Settings{}) == 0);
    life.minutes(10, never, always);
    CHECK(week(life.hours, Settings{}) == 7 * 86'400);
    Life busy;
    busy.minutes(10, always, always);
    CHECK(week(busy.hours, Settings{}) == 0);
}

TEST_CASE("a machine that is always on is on offer when nobody is there") {
    Life life;
    life.weeks(2, in_the_evening, always);
    const auto days = life.hours.on_offer(Settings{}, true);
    for (const std::int64_t seconds : days) {
        CHECK(seconds > 19 * 3'600);
        CHECK(seconds <= 20 * 3'600 + 120);
    }
}

TEST_CASE("a machine that is off is not on offer") {
    Life life;
    // On from 16:00 to midnight, used from 18:00 to 22:00: four hours are left.
    const auto on = [](std::uint32_t, std::uint32_t minute) { return minute >= 16 * 60; };
    life.weeks(2, in_the_evening, on);
    const std::int64_t seconds = life.hours.on_offer(Settings{}, true)[2];
    CHECK(seconds > 3 * 3'600 + 1'800);
    CHECK(seconds <= 4 * 3'600 + 120);
}

TEST_CASE("settings cut what is on offer") {
    Life life;
    life.weeks(1, in_the_evening, always);
    Settings nights;
    nights.hours.reset();
    for (std::size_t day = 0; day < 7; ++day)
        for (std::size_t hour = 0; hour < 8; ++hour) nights.hours.set(day * 24 + hour);
    CHECK(life.hours.on_offer(nights, true)[3] == 8 * 3'600);
    Settings anyway;
    anyway.when_in_use = Settings::InUse::run;
    CHECK(life.hours.on_offer(anyway, true)[3] >= 86'400 - 120);
    Settings business;
    business.business_from_minute = 9 * 60 + 30;
    business.business_to_minute = 12 * 60;
    const auto told = life.hours.on_offer(business, true)[3];
    CHECK(told - life.hours.on_offer(business, false)[3] == 9'000);
}

TEST_CASE("an hour that was never lived through is taken like that of other days") {
    Life life;
    life.minutes(3 * static_cast<int>(day_minutes), in_the_evening, always);  // Monday to Wednesday
    const auto days = life.hours.on_offer(Settings{}, true);
    CHECK(days[6] == doctest::Approx(20 * 3'600).epsilon(0.01));
}

TEST_CASE("new habits win over old ones") {
    Life life;
    life.weeks(3, always, always);
    CHECK(week(life.hours, Settings{}) < 3'600);
    life.weeks(6, never, always);
    CHECK(week(life.hours, Settings{}) > 7 * 86'400 * 3 / 4);
}

TEST_CASE("a restart goes on where the file was written, and off hours count as off") {
    Life life;
    life.minutes(10 * 60 + 30, never, always);  // until Monday 10:30
    auto read = FreeHours::from_text(life.hours.to_text());
    REQUIRE(read.has_value());
    Life later;
    later.hours = read.value();
    later.now = Time{5};  // a clock of its own
    later.minute = 10 * 60 + 31;
    later.minutes(5 * 60, never, always);
    const std::int64_t monday = later.hours.on_offer(Settings{}, true)[0];
    CHECK(monday > 86'400 - 300);

    Life off;
    off.hours = read.value();
    off.minute = 20 * 60;  // started again at eight in the evening
    off.minutes(4 * 60, never, always);
    const auto of_monday = off.hours.on_offer(Settings{}, true)[0];
    CHECK(of_monday < 86'400 - 9 * 3'600);
}

TEST_CASE("a clock that is set back teaches nothing") {
    Life life;
    life.weeks(1, never, always);
    const auto before = week(life.hours, Settings{});
    life.minute = (life.minute + day_minutes - 180) % day_minutes;
    life.weekday = (life.weekday + 6) % 7;
    life.minutes(30, never, always);
    CHECK(week(life.hours, Settings{}) == before);
}

TEST_CASE("a damaged file is refused") {
    Life life;
    life.weeks(1, in_the_evening, always);
    const std::string text = life.hours.to_text();
    REQUIRE(FreeHours::from_text(text).has_value());
    CHECK(FreeHours::from_text(text).value().to_text() == text);
    CHECK(FreeHours::from_text("").has_error());
    CHECK(FreeHours::from_text(text + "1").has_error());
    for (std::size_t at = 0; at < text.size(); at += 7) {
        std::string broken = text;
        broken[at] = broken[at] == '7' ? '8' : '7';
        CHECK(FreeHours::from_text(broken).has_error());
        CHECK(FreeHours::from_text(text.substr(0, at)).has_error());
    }
}
