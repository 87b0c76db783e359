#include "client-core/cache/traffic_meter.h"

#include <cstdlib>
#include <ctime>
#include <fstream>

#include <doctest/doctest.h>

#include "shared/util/log.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;

namespace {

/// 2026-11-30 23:59:00 in Shanghai is 15:59:00 UTC.
class WallClock final : public Clock {
public:
    [[nodiscard]] Time now() const override { return now_; }
    [[nodiscard]] WallTime wall() const override { return wall_; }
    Time now_{1'000'000};
    WallTime wall_{1'796'054'340'000'000};
};

struct Fixture {
    Fixture() {
        spdlog::set_level(spdlog::level::off);
        setenv("TZ", "CST-8", 1);
        tzset();
    }
    ~Fixture() {
        unsetenv("TZ");
        tzset();
    }
    testing::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "traffic";
    WallClock clock;
};

}  // namespace

TEST_CASE("a bandwidth limit lets its rate through, and no more") {
    BandwidthLimit limit;
    Time now{5'000'000};
    CHECK(limit.reserve(1 << 30, now) == 0s);
    limit.set_rate(1000, now);
    CHECK(limit.reserve(1000, now) == 0s);
    CHECK(limit.reserve(500, now) == 500ms);
    CHECK(limit.reserve(500, now) == 1s);  // behind the one before
    now = now + 1s;
    CHECK(limit.reserve(1, now) == 1ms);
    now = now + 1h;  // an idle hour saves up one second's worth only
    CHECK(limit.reserve(3000, now) == 2s);
    limit.set_rate(10, now);  // debt stays two seconds
    CHECK(limit.reserve(10, now) == 3s);
    limit.set_rate(0, now);
    CHECK(limit.reserve(1 << 30, now) == 0s);
}

TEST_CASE_FIXTURE(Fixture, "the month's count survives a restart and ends with the local month") {
    {
        TrafficMeter meter(file, clock);
        CHECK(meter.down(100, Line::internet) == 0s);
        CHECK(meter.up(20, Line::internet) == 0s);
        CHECK(meter.down(5000, Line::lan) == 0s);
    }
    TrafficMeter meter(file, clock);
    CHECK(meter.this_month().down == 100);
    CHECK(meter.this_month().up == 20);
    meter.set_limits({0, 0, 120});
    REQUIRE_FALSE(meter.check_month());
    CHECK(meter.check_month().error().code() == ErrorCode::resource_exhausted);
    meter.set_limits({0, 0, 121});
    CHECK(meter.check_month());
    clock.wall_ = clock.wall_ + 60s;  // midnight in Shanghai
    CHECK(meter.this_month().down == 0);
    clock.wall_ = clock.wall_ - 60s;  // a clock that is set back
    CHECK(meter.this_month().down == 100);
}

TEST_CASE_FIXTURE(Fixture,
                  "a damaged count starts anew, one that cannot be written is no failure") {
    for (const char* text : {"", "x", "gleaner-traffic 1\n24322 7 7\n",
                             "gleaner-traffic 1\n24322 -", "gleaner-traffic 2\n0 0 0\n"}) {
        std::ofstream(file, std::ios::trunc) << text;
        TrafficMeter meter(file, clock);
        CHECK(meter.this_month().down == 0);
    }
    TrafficMeter meter(folder.path() / "no" / "folder", clock);
    CHECK(meter.down(32u << 20, Line::internet) == 0s);
    CHECK(meter.this_month().down == 32u << 20);
}

TEST_CASE_FIXTURE(Fixture, "limits of speed hold for neighbours too and change at run time") {
    TrafficMeter meter(file, clock);
    meter.set_limits({1000, 500, 0});
    CHECK(meter.down(1000, Line::lan) == 0s);
    CHECK(meter.down(1000, Line::internet) == 1s);
    CHECK(meter.up(1000, Line::lan) == 1s);
    meter.set_limits({});
    CHECK(meter.up(1 << 30, Line::lan) == 0s);
}
