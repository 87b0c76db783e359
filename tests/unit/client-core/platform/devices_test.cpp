#include "client-core/platform/devices.h"

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a processor's cores, threads, memory and vector instructions are told") {
    const testing::TemporaryFolder root;
    std::string cpuinfo;
    for (int thread = 0; thread < 4; ++thread) {
        cpuinfo += "processor\t: " + std::to_string(thread) +
                   "\nmodel name\t: AMD Ryzen 5\nphysical id\t: 0\ncore id\t\t: " +
                   std::to_string(thread / 2) + "\nflags\t\t: fpu avx avx2 sse\n\n";
    }
    root.write("proc/cpuinfo", cpuinfo);
    root.write("proc/meminfo",
               "MemTotal:       16000 kB\nMemFree: 1 kB\nMemAvailable:    8000 kB\n");
    const auto cpu = read_cpu_device(root.path());
    REQUIRE(cpu);
    CHECK(cpu.value().model == "AMD Ryzen 5");
    CHECK(cpu.value().threads == 4);
    CHECK(cpu.value().cores == 2);
    CHECK(cpu.value().memory_total_bytes == 16000ULL * 1024);
    CHECK(cpu.value().memory_available_bytes == 8000ULL * 1024);
    CHECK(cpu.value().avx2);
    CHECK_FALSE(cpu.value().avx512);
}

TEST_CASE("a system without /proc is an error that says so") {
    const testing::TemporaryFolder root;
    const auto cpu = read_cpu_device(root.path());
    REQUIRE_FALSE(cpu);
    CHECK(cpu.error().message().find("/proc") != std::string::npos);
}

TEST_CASE("without a driver the NVIDIA library is not even looked for") {
    NvidiaManagement::Places places;
    places.library = FAKE_NVML;
    places.driver_marks = {"/nonexistent/driver"};
    const auto opened = NvidiaManagement::open(places);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == ErrorCode::not_found);
}

TEST_CASE("a driver without its library is reported with the library's name") {
    NvidiaManagement::Places places;
    places.library = "libgleaner-no-such-library.so.1";
    places.driver_marks = {"/"};
    const auto opened = NvidiaManagement::open(places);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == ErrorCode::unsupported);
    CHECK(opened.error().message().find("libgleaner-no-such-library") != std::string::npos);
}

TEST_CASE("a library that is not NVIDIA's is refused") {
    NvidiaManagement::Places places;
    places.library = "libc.so.6";
    places.driver_marks = {"/"};
    const auto opened = NvidiaManagement::open(places);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == ErrorCode::unsupported);
}

TEST_CASE("GPUs are told with their state, and missing sensors read zero") {
    NvidiaManagement::Places places;
    places.library = FAKE_NVML;
    places.driver_marks = {"/"};
    auto opened = NvidiaManagement::open(places);
    REQUIRE(opened);
    const auto devices = opened.value()->sample();
    REQUIRE(devices);
    REQUIRE(devices.value().size() == 2);
    const NvidiaDevice& first = devices.value()[0];
    CHECK(first.name == "NVIDIA GeForce RTX 4060");
    CHECK(first.uuid == "GPU-aaaa");
    CHECK(first.driver == "550.54.15");
    CHECK(first.minor == 1);
    CHECK(first.memory_total_bytes == 8ULL << 30);
    CHECK(first.memory_free_bytes == 4ULL << 30);
    CHECK(first.compute_major == 8);
    CHECK(first.compute_minor == 9);
    CHECK(first.temperature_celsius == 61);
    CHECK(first.utilisation_percent == 37);
    CHECK(first.power_milliwatts == 95500);
    const NvidiaDevice& second = devices.value()[1];
    CHECK(second.uuid == "GPU-bbbb");
    CHECK(second.temperature_celsius == 0);
    CHECK(second.utilisation_percent == 0);
    CHECK(second.power_milliwatts == 0);
}

TEST_CASE("a sandbox gets the nodes of the chosen GPU only") {
    const testing::TemporaryFolder root;
    for (const char* const node :
         {"dev/nvidia0", "dev/nvidia1", "dev/nvidiactl", "dev/nvidia-uvm", "dev/dri/renderD129",
          "dev/dri/renderD128", "dev/dri/card0", "dev/kfd"}) {
        root.write(node, "");
    }
    const std::vector<fs::path> nvidia = {"/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia1"};
    CHECK(gpu_device_nodes({GpuAccess::Kind::nvidia, 1}, root.path()) == nvidia);
    const std::vector<fs::path> render = {"/dev/dri/renderD128", "/dev/dri/renderD129", "/dev/kfd"};
    CHECK(gpu_device_nodes({GpuAccess::Kind::render, 0}, root.path()) == render);
    const std::vector<fs::path> second = {"/dev/dri/renderD129", "/dev/kfd"};
    CHECK(gpu_device_nodes({GpuAccess::Kind::render, 129}, root.path()) == second);
    CHECK(gpu_device_nodes({}, root.path()).empty());
}

/// A card as /sys shows it.
struct Card {
    std::string name;
    std::string vendor;
    std::string device;
    std::string driver;
    std::string render;
};

void put(const testing::TemporaryFolder& root, const Card& card) {
    const fs::path device = "sys/class/drm/" + card.name + "/device";
    if (!card.vendor.empty()) root.write(device / "vendor", card.vendor + "\n");
    root.write(device / "device", card.device + "\n");
    root.write(device / "drm" / card.name / "dev", "");
    if (!card.render.empty()) root.write(device / "drm" / card.render / "dev", "");
    root.write("sys/bus/pci/drivers/" + card.driver + "/bind", "");
    fs::create_symlink(root.path() / "sys/bus/pci/drivers" / card.driver,
                       root.path() / device / "driver");
}

TEST_CASE("GPUs are found in /sys with the engines that may drive them") {
    const testing::TemporaryFolder root;
    put(root, {"card2", "0x8086", "0x56a0", "i915", "renderD129"});
    put(root, {"card1", "0x1002", "0x744c", "amdgpu", "renderD128"});
    put(root, {"card10", "0x10de", "0x1b80", "nouveau", "renderD130"});
    put(root, {"card3", "0x9999", "0x0001", "novel", "renderD131"});
    // No GPU, but what a screen is plugged into.
    root.write("sys/class/drm/card1-HDMI-A-1/status", "connected");
    root.write("sys/class/drm/version", "drm 1.1.0 20060810");
    const auto gpus = read_render_gpus(root.path());
    REQUIRE(gpus.size() == 4);
    CHECK(gpus[0].card == 1);
    CHECK(gpus[0].minor == 128);
    CHECK(gpus[0].name == "AMD GPU 1002:744c");
    CHECK(gpus[0].backends == std::vector<std::string>{"rocm", "vulkan"});
    CHECK(gpus[1].card == 2);
    CHECK(gpus[1].name == "Intel GPU 8086:56a0");
    CHECK(gpus[1].backends == std::vector<std::string>{"sycl", "vulkan"});
    CHECK(gpus[2].name == "GPU 9999:0001");
    CHECK(gpus[2].backends == std::vector<std::string>{"vulkan"});
    CHECK(gpus[3].card == 10);
    CHECK(gpus[3].minor == 130);
    CHECK(gpus[3].backends == std::vector<std::string>{"vulkan"});
}

TEST_CASE("what is no GPU for an engine, and what NVIDIA's library tells of, is left out") {
    const testing::TemporaryFolder root;
    CHECK(read_render_gpus(root.path()).empty());
    put(root, {"card0", "0x1a03", "0x2000", "ast", ""});                   // a remote console
    put(root, {"card1", "0x10de", "0x2684", "nvidia", "renderD128"});      // NVML's
    put(root, {"card2", "0x1af4", "0x1050", "virtio-pci", "renderD129"});  // a virtual machine's
    put(root, {"card3", "", "0x0001", "v3d", "renderD130"});               // on no PCI bus
    CHECK(read_render_gpus(root.path()).empty());
}

}  // namespace
}  // namespace gleaner
