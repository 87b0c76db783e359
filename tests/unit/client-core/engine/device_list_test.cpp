#include "client-core/engine/device_list.h"

#include <doctest/doctest.h>

namespace gleaner {
namespace {

TEST_CASE("devices are read from the engine's list, descriptions with parentheses too") {
    const auto devices = parse_device_list(
        "ggml_vulkan: Found 2 Vulkan devices:\n"
        "Available devices:\n"
        "  Vulkan0: AMD Radeon RX 7900 XTX (RADV NAVI31) (24560 MiB, 20000 MiB free)\n"
        "  CUDA0: NVIDIA H100: PCIe (81079 MiB, 80000 MiB free)\n");
    REQUIRE(devices);
    REQUIRE(devices.value().size() == 2);
    const EngineDevice amd{"Vulkan0", "AMD Radeon RX 7900 XTX (RADV NAVI31)", 24560ULL << 20,
                           20000ULL << 20};
    CHECK(devices.value()[0] == amd);
    CHECK(devices.value()[1].name == "CUDA0");
    CHECK(devices.value()[1].description == "NVIDIA H100: PCIe");
}

TEST_CASE("an engine without GPUs has an empty list") {
    const auto devices = parse_device_list("Available devices:\n  (none)\n");
    REQUIRE(devices);
    CHECK(devices.value().empty());
}

TEST_CASE("lines that are no device are skipped and a missing list is an error") {
    const auto devices = parse_device_list(
        "Available devices:\n  X: y (1 GiB, 2 MiB free)\n  Z (3 MiB)\n  A: b (5 MiB, 4 MiB free)");
    REQUIRE(devices);
    REQUIRE(devices.value().size() == 1);
    CHECK(devices.value()[0].name == "A");
    CHECK_FALSE(parse_device_list("error: unknown argument"));
}

}  // namespace
}  // namespace gleaner
