#include <algorithm>
#include <dlfcn.h>

#include <doctest/doctest.h>

#include "client-core/platform/linux/guest/nvidia_use.h"
#include "client-core/platform/linux/guest/render_use.h"
#include "client-core/platform/linux/guest/sampler.h"
#include "tests/support/fake_nvml_use.h"
#include "tests/unit/client-core/platform/guest/tree.h"

namespace gleaner::guest {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

/// The library's state, set back at the end of a test.
class FakeNvml {
public:
    FakeNvml() : handle_(dlopen(FAKE_NVML_USE, RTLD_NOW)) {
        REQUIRE(handle_ != nullptr);
        gpu_ = reinterpret_cast<FakeNvmlGpuOf>(dlsym(handle_, "fake_nvml_gpu"));
        fail = reinterpret_cast<FakeNvmlFail>(dlsym(handle_, "fake_nvml_fail"));
    }
    FakeNvml(const FakeNvml&) = delete;
    FakeNvml& operator=(const FakeNvml&) = delete;
    ~FakeNvml() {
        fail(0);
        for (const unsigned index : {0U, 1U}) gpu(index) = {};
        dlclose(handle_);
    }
    [[nodiscard]] FakeNvmlGpu& gpu(unsigned index) const { return *gpu_(index); }
    FakeNvmlFail fail = nullptr;

    [[nodiscard]] static NvidiaManagement::Places places() {
        NvidiaManagement::Places places;
        places.library = FAKE_NVML_USE;
        places.driver_marks = {"/"};
        return places;
    }

private:
    void* handle_;
    FakeNvmlGpuOf gpu_ = nullptr;
};

TEST_CASE("NVIDIA: others' programs are told with share and memory, the node's own are not") {
    const FakeNvml fake;
    const testing::TemporaryFolder root;
    testing::put_process(root, {100, 1, "gleaner-node", ""});
    testing::put_process(root, {200, 1, "game", ""});
    testing::put_process(root, {201, 1, "Xorg", ""});
    ProcessTable processes(root.path());
    processes.refresh(Time{0}, {100});
    fake.gpu(0).users[0] = {100, 4ULL << 30, false, 7, 90, 0};
    fake.gpu(0).users[1] = {201, 100, true, 7, 2, 0};
    fake.gpu(0).users[2] = {200, 1000, true, 7, 30, 55};
    fake.gpu(0).utilization = 83;
    auto use = NvidiaUse::open(FakeNvml::places());
    REQUIRE(use);
    auto sample = use.value()->sample(processes);
    REQUIRE(sample);
    auto facts = sample.value().at(1).facts("cuda0", processes);
    CHECK(facts.id == "cuda0");
    CHECK(facts.others_percent == 57U);
    CHECK(facts.others_memory_bytes == 1100ULL);
    CHECK(facts.others == Names{"game", "Xorg"});
    CHECK(facts.celsius == 61U);
    CHECK(facts.percent == 83U);
    CHECK(facts.watts == 151.5);
    CHECK(facts.memory_total_bytes == 1000ULL);
    CHECK(facts.memory_free_bytes == 400ULL);
    CHECK_FALSE(facts.lost);
    facts = sample.value().at(0).facts("cuda1", processes);
    CHECK(facts.others_percent == 0U);
    CHECK_FALSE(facts.celsius);
    CHECK_FALSE(facts.watts);
    CHECK_FALSE(facts.memory_total_bytes);
    // The driver's record says nothing new: nobody has used it since.
    sample = use.value()->sample(processes);
    REQUIRE(sample);
    CHECK(sample.value().at(1).facts("cuda0", processes).others_percent == 0U);
}

TEST_CASE("NVIDIA: more users than expected are all told") {
    const FakeNvml fake;
    for (unsigned index = 0; index < 100; ++index)
        fake.gpu(0).users[index] = {index + 1, 10, false, 1, 1, 0};
    const ProcessTable processes("/nonexistent");
    auto use = NvidiaUse::open(FakeNvml::places());
    REQUIRE(use);
    const auto sample = use.value()->sample(processes);
    REQUIRE(sample);
    CHECK(sample.value().at(1).others.size() == 100);
    CHECK(sample.value().at(1).percent == 100U);
}

TEST_CASE("NVIDIA: without shares by program, all use is others' only if the node is not there") {
    const FakeNvml fake;
    const testing::TemporaryFolder root;
    testing::put_process(root, {100, 1, "gleaner-node", ""});
    ProcessTable processes(root.path());
    processes.refresh(Time{0}, {100});
    fake.gpu(0).tells_shares = false;
    fake.gpu(0).utilization = 70;
    fake.gpu(0).users[0] = {200, 1000, true};
    auto use = NvidiaUse::open(FakeNvml::places());
    REQUIRE(use);
    auto sample = use.value()->sample(processes);
    REQUIRE(sample);
    CHECK(sample.value().at(1).percent == 70U);
    fake.gpu(0).users[1] = {100, 1000, false};
    sample = use.value()->sample(processes);
    REQUIRE(sample);
    CHECK_FALSE(sample.value().at(1).percent);
    CHECK(sample.value().at(1).others.size() == 1);
    fake.gpu(0).users[0] = {};
    sample = use.value()->sample(processes);
    REQUIRE(sample);
    CHECK(sample.value().at(1).percent == 0U);
}

TEST_CASE("NVIDIA: a GPU that fell off the bus is lost, and so are all while the driver restarts") {
    const FakeNvml fake;
    const testing::TemporaryFolder root;
    Sampler::Places places;
    places.root = root.path();
    places.nvidia = FakeNvml::places();
    Sampler sampler(std::move(places));
    const std::vector<WatchedDevice> devices = {{"cpu", {}},
                                                {"cuda0", {GpuAccess::Kind::nvidia, 1}},
                                                {"cuda1", {GpuAccess::Kind::nvidia, 0}}};
    auto sample = sampler.take(Time{0}, devices);
    REQUIRE(sample.devices.size() == 3);
    CHECK_FALSE(sample.devices[1].lost);
    CHECK(sample.gpu.works);
    CHECK(sample.gpu.words.en == "NVML");
    fake.gpu(0).error = 15;
    sample = sampler.take(Time{5'000'000}, devices);
    CHECK(sample.devices[1].lost);
    CHECK_FALSE(sample.devices[1].others_percent);
    CHECK_FALSE(sample.devices[2].lost);
    fake.gpu(0).error = 0;
    fake.fail(9);
    sample = sampler.take(Time{10'000'000}, devices);
    CHECK(sample.devices[1].lost);
    CHECK(sample.devices[2].lost);
    CHECK_FALSE(sample.devices[0].lost);
    CHECK(sample.gpu.words.en.find("Driver Not Loaded") != std::string::npos);
    CHECK(sample.gpu.words.zh.find("驱动") != std::string::npos);
    fake.fail(0);
    sample = sampler.take(Time{100'000'000}, devices);
    CHECK_FALSE(sample.devices[1].lost);
}

TEST_CASE("NVIDIA: a library that is not NVIDIA's is refused") {
    NvidiaManagement::Places places = FakeNvml::places();
    places.library = "libc.so.6";
    const auto use = NvidiaUse::open(places);
    REQUIRE_FALSE(use);
    CHECK(use.error().code() == ErrorCode::unsupported);
}

TEST_CASE("DRM: what the kernel tells of a client is read, and other files are none") {
    const auto client = parse_render_client(
        "pos:\t0\nflags:\t02100002\ndrm-driver:\tamdgpu\ndrm-client-id:\t27\n"
        "drm-pdev:\t0000:03:00.0\ndrm-total-vram:\t999 KiB\ndrm-memory-vram:\t2048 KiB\n"
        "drm-memory-gtt: \t7 MiB\ndrm-engine-gfx:\t1000 ns\ndrm-engine-compute:\t5 ns\n"
        "drm-engine-capacity-compute:\t4\n");
    REQUIRE(client);
    CHECK(client->gpu == "0000:03:00.0");
    CHECK(client->client == "27");
    CHECK(client->engines.at("gfx") == 1000);
    CHECK(client->engines.size() == 2);
    CHECK(client->capacity.at("compute") == 4);
    CHECK(client->memory_bytes == 2048ULL << 10);
    CHECK_FALSE(parse_render_client("pos:\t0\nflags:\t02\n"));
}

void put_client(const testing::TemporaryFolder& root, int pid, const std::string& client,
                const std::string& rest) {
    const std::string folder = "proc/" + std::to_string(pid);
    root.write(folder + "/fdinfo/5",
               "drm-client-id: " + client + "\ndrm-pdev: 0000:03:00.0\n" + rest);
    fs::create_directories(root.path() / folder / "fd");
    std::error_code ec;
    fs::create_symlink("/dev/dri/renderD128", root.path() / folder / "fd/5", ec);
}

TEST_CASE("DRM: others' share of the busiest engine is told, per GPU and altogether") {
    const testing::TemporaryFolder root;
    testing::put_process(root, {100, 1, "gleaner-node", ""});
    testing::put_process(root, {200, 1, "game", ""});
    testing::put_process(root, {201, 1, "desktop", ""});
    put_client(root, 100, "1", "drm-engine-compute: 0 ns\n");
    put_client(root, 200, "2", "drm-engine-gfx: 0 ns\ndrm-memory-vram: 4 KiB\n");
    put_client(root, 201, "3", "drm-engine-gfx: 0 ns\n");
    ProcessTable processes(root.path(), true);
    processes.refresh(Time{0}, {100});
    RenderUse use(root.path());
    static_cast<void>(use.sample(processes, Time{0}));
    put_client(root, 100, "1", "drm-engine-compute: 900000000 ns\n");
    put_client(root, 200, "2", "drm-engine-gfx: 400000000 ns\ndrm-memory-vram: 4 KiB\n");
    put_client(root, 201, "3", "drm-engine-gfx: 100000000 ns\n");
    const auto uses = use.sample(processes, Time{1'000'000});
    for (const char* const gpu : {"0000:03:00.0", ""}) {
        const auto facts = uses.at(gpu).facts("vulkan0", processes);
        CHECK(facts.others_percent == 50U);
        CHECK(facts.others == Names{"game", "desktop"});
        CHECK(facts.others_memory_bytes == 4096ULL);
    }
}

TEST_CASE("DRM: a driver that counts cycles is understood too") {
    const testing::TemporaryFolder root;
    testing::put_process(root, {200, 1, "game", ""});
    put_client(root, 200, "2", "drm-cycles-rcs: 100\ndrm-total-cycles-rcs: 1000\n");
    ProcessTable processes(root.path(), true);
    processes.refresh(Time{0}, {});
    RenderUse use(root.path());
    static_cast<void>(use.sample(processes, Time{0}));
    put_client(root, 200, "2", "drm-cycles-rcs: 350\ndrm-total-cycles-rcs: 2000\n");
    CHECK(use.sample(processes, Time{1'000'000}).at("").percent == 25U);
}

TEST_CASE("DRM: a GPU whose node is gone is lost") {
    const testing::TemporaryFolder root;
    root.write("sys/bus/pci/devices/0000:03:00.0/hwmon/hwmon2/temp1_input", "55000\n");
    root.write("sys/bus/pci/devices/0000:03:00.0/hwmon/hwmon2/power1_average", "98500000\n");
    root.write("sys/bus/pci/devices/0000:03:00.0/gpu_busy_percent", "41\n");
    root.write("sys/bus/pci/devices/0000:03:00.0/mem_info_vram_total", "8000\n");
    root.write("sys/bus/pci/devices/0000:03:00.0/mem_info_vram_used", "3000\n");
    fs::create_directories(root.path() / "sys/class/drm/renderD128");
    fs::create_symlink(root.path() / "sys/bus/pci/devices/0000:03:00.0",
                       root.path() / "sys/class/drm/renderD128/device");
    Sampler::Places places;
    places.root = root.path();
    Sampler sampler(std::move(places));
    const std::vector<WatchedDevice> devices = {{"vulkan0", {GpuAccess::Kind::render, 128}}};
    auto sample = sampler.take(Time{0}, devices);
    CHECK_FALSE(sample.devices.at(0).lost);
    CHECK(sample.devices.at(0).celsius == 55U);
    CHECK(sample.devices.at(0).watts == 98.5);
    CHECK(sample.devices.at(0).percent == 41U);
    CHECK(sample.devices.at(0).others_percent == 0U);
    CHECK(sample.devices.at(0).memory_total_bytes == 8000U);
    CHECK(sample.devices.at(0).memory_free_bytes == 5000U);
    fs::remove(root.path() / "sys/class/drm/renderD128/device");
    sample = sampler.take(Time{5'000'000}, devices);
    CHECK(sample.devices.at(0).lost);
}

}  // namespace
}  // namespace gleaner::guest
