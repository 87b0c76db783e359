/// Aim: a node gets the best package that its devices and drivers can run, and no other.

#include "coordinator/runtime/engine_choice.h"

#include <string>

#include <doctest/doctest.h>

#include "shared/proto/wire.pb.h"

namespace gleaner::runtime {
namespace {

store::EnginePackage package(const std::string& backend, std::int64_t age,
                             const std::string& min_driver = "") {
    store::EnginePackage engine;
    engine.name = backend + "-" + std::to_string(age);
    engine.backend = backend;
    engine.os = "linux";
    engine.arch = "x86_64";
    engine.created = WallTime{} + std::chrono::hours(1'000 - age);
    engine.min_driver = min_driver;
    return engine;
}

struct Machine {
    Machine() {
        hello.set_os("linux");
        hello.set_arch("x86_64");
    }
    Machine& with(const std::string& kind, const std::string& driver = "",
                  std::uint64_t memory = 1 << 30) {
        auto& device = *hello.add_devices();
        device.set_id(kind + std::to_string(hello.devices_size()));
        device.set_kind(kind);
        device.set_driver(driver);
        device.set_memory_bytes(memory);
        return *this;
    }
    [[nodiscard]] std::string gets(const std::vector<store::EnginePackage>& packages) const {
        const auto* chosen = choose_engine(packages, hello);
        return chosen == nullptr ? "" : chosen->name;
    }
    wire::Hello hello;
};

TEST_CASE("driver versions are compared number by number") {
    CHECK(driver_suffices("525.60.13", "525.60.13"));
    CHECK(driver_suffices("535.183.01", "525.60.13"));
    CHECK(driver_suffices("525.100", "525.60.13"));
    CHECK(driver_suffices("1000.1", "525.60.13"));
    CHECK_FALSE(driver_suffices("525.60.12", "525.60.13"));
    CHECK_FALSE(driver_suffices("525.60", "525.60.13"));
    CHECK_FALSE(driver_suffices("470.256.02", "525.60.13"));
    CHECK_FALSE(driver_suffices("99", "525"));
    CHECK(driver_suffices("550.54.15-open", "550.54.15"));
    CHECK(driver_suffices("525", "525.0.0"));
}

TEST_CASE("a driver that cannot be compared is left to the engine") {
    CHECK(driver_suffices("", "525.60.13"));
    CHECK(driver_suffices("470", ""));
    CHECK(driver_suffices("unknown", "525"));
    CHECK_FALSE(driver_suffices("1", "99999999999999999"));
    // More than 64 bits hold is no number.
    CHECK(driver_suffices("1", "99999999999999999999999"));
}

TEST_CASE("a package runs on its system and on a device of its backend only") {
    Machine cpu;
    cpu.with("cpu");
    CHECK(cpu.gets({}).empty());
    CHECK(cpu.gets({package("cuda", 0)}).empty());
    CHECK(cpu.gets({package("cuda", 0), package("cpu", 1)}) == "cpu-1");
    auto windows = package("cpu", 0);
    windows.os = "windows";
    auto arm = package("cpu", 0);
    arm.arch = "aarch64";
    CHECK(cpu.gets({windows, arm}).empty());
}

TEST_CASE("the newest package of the best backend is chosen") {
    Machine gpu;
    gpu.with("cuda", "550.54.15").with("cpu");
    CHECK(gpu.gets({package("cuda", 9), package("cpu", 0)}) == "cuda-9");
    CHECK(gpu.gets({package("cuda", 9), package("cuda", 3), package("cuda", 5)}) == "cuda-3");
}

TEST_CASE("a package that needs a newer driver is passed over for one that runs") {
    Machine old;
    old.with("cuda", "470.256.02").with("cpu");
    const auto cuda13 = package("cuda", 0, "580.65.06");
    const auto cuda12 = package("cuda", 1, "525.60.13");
    const auto cuda11 = package("cuda", 2, "450.80.02");
    const auto cpu = package("cpu", 3);
    CHECK(old.gets({cuda13, cuda12, cuda11, cpu}) == "cuda-2");
    CHECK(old.gets({cuda13, cuda12, cpu}) == "cpu-3");
    CHECK(old.gets({cuda13, cuda12}).empty());
    Machine newer;
    newer.with("cuda", "535.183.01").with("cpu");
    CHECK(newer.gets({cuda13, cuda12, cuda11, cpu}) == "cuda-1");
    CHECK(newer.gets({cuda13, cpu}) == "cpu-3");
}

TEST_CASE("a GPU that no engine has seen yet is tried with the package for it") {
    Machine amd;
    amd.with("rocm", "", 0).with("vulkan", "", 0).with("cpu");
    CHECK(amd.gets({package("cpu", 0)}) == "cpu-0");
    CHECK(amd.gets({package("cpu", 0), package("vulkan", 1)}) == "vulkan-1");
    CHECK(amd.gets({package("vulkan", 0), package("rocm", 1)}) == "rocm-1");
}

TEST_CASE("a GPU known to work comes before one that may") {
    Machine both;
    both.with("cuda", "550.54.15").with("sycl", "", 0).with("vulkan", "", 0).with("cpu");
    const auto cuda = package("cuda", 9, "525.60.13");
    CHECK(both.gets({package("sycl", 0), package("vulkan", 0), cuda}) == "cuda-9");
    Machine outdated;
    outdated.with("cuda", "470").with("vulkan", "", 0).with("cpu");
    CHECK(outdated.gets({package("vulkan", 0), cuda, package("cpu", 0)}) == "vulkan-0");
}

}  // namespace
}  // namespace gleaner::runtime
