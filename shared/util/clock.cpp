#include "shared/util/clock.h"

#ifdef _WIN32
#include <chrono>
#else
#include <ctime>
#endif

namespace gleaner {

#ifdef _WIN32

Time SystemClock::now() const {
    const auto t = std::chrono::steady_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<Duration>(t).count()};
}

WallTime SystemClock::wall() const {
    const auto t = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<Duration>(t).count()};
}

#else

namespace {
std::int64_t read_micros(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1'000;
}
}  // namespace

Time SystemClock::now() const {
    return {read_micros(CLOCK_BOOTTIME)};
}

WallTime SystemClock::wall() const {
    return {read_micros(CLOCK_REALTIME)};
}

#endif

}  // namespace gleaner
