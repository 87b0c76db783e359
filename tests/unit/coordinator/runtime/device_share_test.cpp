#include "coordinator/runtime/device_share.h"

#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::runtime;

TEST_CASE("what runs alone has all of the device, what runs with others its part") {
    DeviceShare share;
    const Time start{1'000'000};
    share.run(start, 1);
    CHECK(share.at(start + 10ms) == doctest::Approx(10'000));
    share.run(start + 10ms, 4);
    CHECK(share.at(start + 50ms) == doctest::Approx(20'000));
    share.run(start + 50ms, 0);
    CHECK(share.at(start + 9s) == doctest::Approx(20'000));
    share.run(start + 10s, 2);
    CHECK(share.at(start + 10s + 6us) == doctest::Approx(20'003));
}
