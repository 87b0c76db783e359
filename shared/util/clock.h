#pragma once
/// Time as values. `core/` code is handed times; only runtimes ask a Clock.

#include <chrono>
#include <cstdint>

namespace gleaner {

using Duration = std::chrono::microseconds;
using namespace std::chrono_literals;

/// A point on the monotonic clock, in microseconds since an arbitrary start. For deadlines.
struct Time {
    std::int64_t micros = 0;

    friend auto operator<=>(const Time&, const Time&) = default;
    friend constexpr Time operator+(Time t, Duration d) { return {t.micros + d.count()}; }
    friend constexpr Time operator-(Time t, Duration d) { return {t.micros - d.count()}; }
    friend constexpr Duration operator-(Time a, Time b) { return Duration{a.micros - b.micros}; }
};

/// A point of civil time: microseconds since 1970-01-01T00:00:00Z. For records and certificates.
struct WallTime {
    std::int64_t micros = 0;

    friend auto operator<=>(const WallTime&, const WallTime&) = default;
    friend constexpr WallTime operator+(WallTime t, Duration d) { return {t.micros + d.count()}; }
    friend constexpr WallTime operator-(WallTime t, Duration d) { return {t.micros - d.count()}; }
    friend constexpr Duration operator-(WallTime a, WallTime b) {
        return Duration{a.micros - b.micros};
    }
    [[nodiscard]] std::int64_t seconds() const { return micros / 1'000'000; }
};

/// Injected wherever time is asked for. Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    /// Monotonic; counts time spent in system sleep.
    [[nodiscard]] virtual Time now() const = 0;
    [[nodiscard]] virtual WallTime wall() const = 0;
};

/// The machine's clocks (CLOCK_BOOTTIME, CLOCK_REALTIME).
class SystemClock final : public Clock {
public:
    [[nodiscard]] Time now() const override;
    [[nodiscard]] WallTime wall() const override;
};

/// A clock that tests move by hand. Not thread-safe.
class ManualClock final : public Clock {
public:
    [[nodiscard]] Time now() const override { return now_; }
    [[nodiscard]] WallTime wall() const override { return wall_; }
    void advance(Duration d) {
        now_ = now_ + d;
        wall_ = wall_ + d;
    }

private:
    Time now_{1'000'000};
    WallTime wall_{1'790'000'000'000'000};
};

}  // namespace gleaner
