/// Aim: a GPU gets models only when the engine, alone with it in the sandbox, lists it.
/// Method: a sandbox that records what it is asked to run and prints what engines were seen to
/// print.

#include "client-core/runtime/engine_devices.h"

#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

namespace gleaner {
namespace {

namespace asio = boost::asio;
using Evidence = NodeDevice::Evidence;

class EndedProcess final : public SandboxedProcess {
public:
    EndedProcess(ProcessExit exit, std::string out) : exit_(exit), out_(std::move(out)) {}
    asio::awaitable<ProcessExit> wait() override { co_return exit_; }
    [[nodiscard]] bool running() const override { return false; }
    bool terminate() override { return false; }
    void kill() override {}
    [[nodiscard]] bool suspend() override { return false; }
    void resume() override {}
    [[nodiscard]] std::string stdout_tail() const override { return out_; }
    [[nodiscard]] std::string stderr_tail() const override { return "libvulkan.so.1: not found"; }
    [[nodiscard]] int host_pid() const override { return 0; }

private:
    ProcessExit exit_;
    std::string out_;
};

class PrintingSandbox final : public Sandbox {
public:
    explicit PrintingSandbox(std::string prints, int status = 0)
        : prints_(std::move(prints)), status_(status) {}
    Result<std::unique_ptr<SandboxedProcess>> start(const SandboxSpec& spec,
                                                    const asio::any_io_executor&) override {
        asked.push_back(spec);
        ProcessExit exit;
        exit.code = status_;
        return std::unique_ptr<SandboxedProcess>(std::make_unique<EndedProcess>(exit, prints_));
    }
    std::vector<SandboxSpec> asked;

private:
    std::string prints_;
    int status_;
};

NodeDevice seen(const std::string& id, const std::string& kind) {
    NodeDevice device;
    device.id = id;
    device.kind = kind;
    device.name = "AMD GPU 1002:744c";
    device.evidence = Evidence::seen;
    device.gpu_layers = -1;
    device.device_nodes = {"/dev/dri/renderD129", "/dev/kfd"};
    return device;
}

asio::awaitable<void> ask_into(Sandbox& sandbox, NodeDevice& device, asio::any_io_executor on) {
    auto asking = ask_engine(sandbox, "/cache/engine/bin", device, on);
    device = co_await std::move(asking);
}

NodeDevice asked(Sandbox& sandbox, NodeDevice device) {
    asio::io_context io;
    asio::co_spawn(io, ask_into(sandbox, device, io.get_executor()),
                   [](const std::exception_ptr& thrown) {
                       if (thrown) std::rethrow_exception(thrown);
                   });
    io.run();
    return device;
}

TEST_CASE("a GPU that the Vulkan engine lists becomes a device with the engine's facts") {
    // As printed in llama.cpp's issue 16659.
    PrintingSandbox sandbox(
        "ggml_vulkan: Found 1 Vulkan devices:\n"
        "ggml_vulkan: 0 = NVIDIA GeForce RTX 2060 (NVIDIA) | uma: 0 | fp16: 1 | bf16: 1 | warp "
        "size: 32 | shared memory: 49152 | int dot: 1 | matrix cores: NV_coopmat2\n"
        "Available devices:\n"
        "  Vulkan0: NVIDIA GeForce RTX 2060 (6144 MiB, 5136 MiB free)\n");
    const NodeDevice device = asked(sandbox, seen("vulkan1", "vulkan"));
    CHECK(device.evidence == Evidence::listed);
    CHECK(is_usable(device));
    CHECK(device.id == "vulkan1");
    CHECK(device.name == "NVIDIA GeForce RTX 2060");
    CHECK(device.engine_device == "Vulkan0");
    CHECK(device.memory_bytes == (5136ULL << 20) / 10 * 9);
    REQUIRE(sandbox.asked.size() == 1);
    const SandboxSpec& spec = sandbox.asked[0];
    CHECK(spec.command == std::vector<std::string>{"/engine/llama-server", "--list-devices"});
    CHECK(spec.device_nodes == device.device_nodes);
    REQUIRE(spec.read_only.size() == 1);
    CHECK(spec.read_only[0].host == "/cache/engine/bin");
}

TEST_CASE("of several entries the first with memory counts") {
    // As printed in ollama's issue 16508.
    PrintingSandbox sandbox(
        "Available devices:\n"
        "  CUDA0: NVIDIA GeForce RTX 3080 Ti (11909 MiB, 11650 MiB free)\n"
        "  CUDA1: NVIDIA RTX PRO 4000 Blackwell SFF Edition (24026 MiB, 23795 MiB free)\n");
    CHECK(asked(sandbox, seen("rocm1", "rocm")).engine_device == "CUDA0");
    NodeDevice device = seen("vulkan0", "vulkan");
    take_listing(device, {{"Vulkan0", "full", 100, 0}, {"Vulkan1", "free", 100, 50}});
    CHECK(device.engine_device == "Vulkan1");
    take_listing(device, {{"Vulkan0", "full", 100, 0}});
    CHECK(device.evidence == Evidence::unlisted);
}

TEST_CASE("a GPU that the engine does not list, or that it fails for, gets nothing") {
    // As the engine without GPU backends prints it.
    PrintingSandbox none("Available devices:\n  (none)\n");
    PrintingSandbox broken("", 127);
    PrintingSandbox other("Usage: something else\n");
    for (PrintingSandbox* sandbox : {&none, &broken, &other}) {
        const NodeDevice device = asked(*sandbox, seen("vulkan1", "vulkan"));
        CHECK(sandbox->asked.size() == 1);
        CHECK(device.evidence == Evidence::unlisted);
        CHECK_FALSE(is_usable(device));
        CHECK(device.memory_bytes == 0);
    }
}

TEST_CASE("a device listed again keeps its memory, which its models fill") {
    NodeDevice device = seen("vulkan1", "vulkan");
    take_listing(device, {{"Vulkan0", "GPU", 1000, 1000}});
    CHECK(device.memory_bytes == 900);
    take_listing(device, {{"Vulkan0", "GPU", 1000, 100}});
    CHECK(device.memory_bytes == 900);
    take_listing(device, {});
    CHECK(device.memory_bytes == 0);
    take_listing(device, {{"Vulkan0", "GPU", 1000, 500}});
    CHECK(device.memory_bytes == 450);
}

TEST_CASE("only devices that the system merely shows need an engine's word") {
    NodeDevice cpu;
    cpu.id = "cpu";
    cpu.kind = "cpu";
    CHECK(is_usable(cpu));
    NodeDevice cuda = cpu;
    cuda.kind = "cuda";
    const std::vector<NodeDevice> devices{cuda, seen("vulkan1", "vulkan"), cpu};
    CHECK_FALSE(is_usable(devices[1]));
    CHECK(needs_engine_list(devices, "vulkan"));
    CHECK_FALSE(needs_engine_list(devices, "rocm"));
    CHECK_FALSE(needs_engine_list(devices, "cuda"));
    CHECK_FALSE(needs_engine_list(devices, "cpu"));
}

TEST_CASE("the programs may lie in a folder of their own in the package") {
    InstalledEngine engine;
    engine.folder = "/cache/engine";
    engine.manifest.server_path = "llama-server";
    CHECK(programs_folder(engine) == "/cache/engine");
    engine.manifest.server_path = "build/bin/llama-server";
    CHECK(programs_folder(engine) == "/cache/engine/build/bin");
}

}  // namespace
}  // namespace gleaner
