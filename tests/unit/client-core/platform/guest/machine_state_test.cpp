#include "client-core/platform/linux/guest/machine_state.h"

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace gleaner::guest {
namespace {

TEST_CASE("processor time is told apart into busy and all") {
    const testing::TemporaryFolder root;
    CHECK_FALSE(read_cpu_ticks(root.path()));
    root.write("proc/stat", "cpu  10 1 5 100 20 2 3 4 9 9\ncpu0 1 1 1 1\n");
    const auto ticks = read_cpu_ticks(root.path());
    REQUIRE(ticks);
    CHECK(ticks->busy == 21);
    CHECK(ticks->all == 145);
    root.write("proc/stat", "cpu  10 1\n");
    CHECK_FALSE(read_cpu_ticks(root.path()));
}

TEST_CASE("load by others is what is busy without the node's share") {
    CpuLoad load;
    CHECK_FALSE(load.next({100, 1000}, 50));
    CHECK(load.next({160, 1100}, 90) == LoadPercent{.all = 60, .others = 20});
    CHECK_FALSE(load.next({160, 1100}, 90));           // no time has passed
    CHECK(load.next({200, 1200}, 190)->others == 0);   // rounding made the node's share the greater
    CHECK(load.next({300, 1300}, 40)->others == 100);  // an engine ended and took its count with it
}

TEST_CASE("a laptop on its battery, on mains, and a desktop are told apart") {
    const testing::TemporaryFolder root;
    CHECK_FALSE(read_power_state(root.path()).on_battery);
    root.write("sys/class/power_supply/hidpp_battery_0/type", "Battery\n");
    root.write("sys/class/power_supply/hidpp_battery_0/scope", "Device\n");
    root.write("sys/class/power_supply/hidpp_battery_0/status", "Discharging\n");
    root.write("sys/class/power_supply/hidpp_battery_0/capacity", "5\n");
    CHECK(read_power_state(root.path()).on_battery == false);
    CHECK_FALSE(read_power_state(root.path()).percent);
    root.write("sys/class/power_supply/AC/type", "Mains\n");
    root.write("sys/class/power_supply/AC/online", "0\n");
    root.write("sys/class/power_supply/BAT0/type", "Battery\n");
    root.write("sys/class/power_supply/BAT0/status", "Discharging\n");
    root.write("sys/class/power_supply/BAT0/capacity", "42\n");
    CHECK(read_power_state(root.path()).on_battery == true);
    CHECK(read_power_state(root.path()).percent == 42U);
    root.write("sys/class/power_supply/AC/online", "1\n");
    CHECK(read_power_state(root.path()).on_battery == false);
}

TEST_CASE("the hottest sensor of the processor counts, other sensors do not") {
    const testing::TemporaryFolder root;
    CHECK_FALSE(read_cpu_celsius(root.path()));
    root.write("sys/class/hwmon/hwmon0/name", "nvme\n");
    root.write("sys/class/hwmon/hwmon0/temp1_input", "99000\n");
    root.write("sys/class/hwmon/hwmon1/name", "coretemp\n");
    root.write("sys/class/hwmon/hwmon1/temp1_input", "61000\n");
    root.write("sys/class/hwmon/hwmon1/temp2_input", "63500\n");
    root.write("sys/class/hwmon/hwmon1/temp3_input", "-128000\n");
    root.write("sys/class/hwmon/hwmon1/temp2_max", "100000\n");
    CHECK(read_cpu_celsius(root.path()) == 63U);
}

TEST_CASE("available memory is told in bytes") {
    const testing::TemporaryFolder root;
    CHECK_FALSE(read_memory_available(root.path()));
    root.write("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:    8000 kB\n");
    CHECK(read_memory_available(root.path()) == 8000ULL * 1024);
}

}  // namespace
}  // namespace gleaner::guest
