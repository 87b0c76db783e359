#include "client-core/bench/gpu_bench.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "tests/unit/client-core/bench/scripted_sandbox.h"

namespace gleaner {
namespace {

namespace asio = boost::asio;

constexpr const char* report_line =
    R"({"version":1,"kind":"cuda","name":"NVIDIA L4","figures":[{"name":"fp32","unit":"TFLOPS","method":"fma","median":30,"spread":0.1,"repetitions":9}]})";

TEST_CASE("the command line says what was wished") {
    GpuBenchSpec spec;
    CHECK(gpu_bench_arguments(spec) ==
          std::vector<std::string>{"/bench/gleaner-gpu-bench", "--leave-mib", "256"});
    spec.soak_seconds = 600;
    spec.quick = true;
    const auto words = gpu_bench_arguments(spec);
    const auto soak = std::find(words.begin(), words.end(), "--soak-seconds");
    REQUIRE(soak != words.end());
    CHECK(*(soak + 1) == "600");
    CHECK(words.back() == "--quick");
}

TEST_CASE("progress is the last whole line that tells of any") {
    CHECK_FALSE(last_gpu_bench_progress(""));
    CHECK_FALSE(last_gpu_bench_progress("a driver's warning\n{\"event\":\"error\"}\n"));
    const std::string text =
        "{\"event\":\"progress\",\"stage\":\"fp32\",\"done\":4,\"of\":8}\n"
        "{\"event\":\"progress\",\"stage\":\"int8\",\"done\":7,\"of\":8}\n"
        "a driver's warning\n"
        "{\"event\":\"progress\",\"stage\":\"so";
    const auto progress = last_gpu_bench_progress(text);
    REQUIRE(progress);
    CHECK(*progress == GpuBenchProgress{"int8", 7, 8});
    // The beginning may be cut off: only the tail of the output is kept.
    CHECK(last_gpu_bench_progress(text.substr(5))->stage == "int8");
}

TEST_CASE("a failure is told in the program's words, a crash by its signal") {
    const std::string no_driver =
        "{\"event\":\"error\",\"code\":\"not_found\",\"message\":\"no CUDA driver on this "
        "machine\"}\n";
    CHECK(gpu_bench_failure(3, no_driver).code() == ErrorCode::not_found);
    CHECK(gpu_bench_failure(3, no_driver).message() == "no CUDA driver on this machine");
    const Error lost = gpu_bench_failure(
        4, "{\"event\":\"progress\"}\n{\"event\":\"error\",\"message\":\"lost\"}\n");
    CHECK(lost.code() == ErrorCode::unavailable);
    CHECK(lost.message() == "the GPU failed: lost");
    CHECK(gpu_bench_failure(139, "").message().find("signal 11") != std::string::npos);
    CHECK(gpu_bench_failure(2, "usage").code() == ErrorCode::internal);
    CHECK(gpu_bench_failure(3, "").code() == ErrorCode::unavailable);
}

TEST_CASE("only a report of a GPU with figures is one") {
    REQUIRE(parse_gpu_bench(report_line));
    CHECK(parse_gpu_bench(report_line).value().find("fp32")->median == 30);
    for (
        const char* const text :
        {"", R"({"version":1,"kind":"cuda","name":"L4"})",
         R"({"version":1,"kind":"cpu","name":"L4","figures":[{"name":"fp32","median":1,"spread":0}]})"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_gpu_bench(text));
        CHECK(parse_gpu_bench(text).error().code() == ErrorCode::data_corrupt);
    }
}

struct Outcome {
    std::optional<Result<BenchReport>> result;
    std::vector<GpuBenchProgress> told;
};

asio::awaitable<void> run_into(Sandbox& sandbox, GpuBenchSpec spec, Outcome& outcome) {
    const auto executor = co_await asio::this_coro::executor;
    GpuBenchTold told = [&outcome](const GpuBenchProgress& now) -> Status {
        outcome.told.push_back(now);
        if (now.stage == "too_hot") return Error(ErrorCode::failed_precondition, "too hot");
        return ok();
    };
    auto running = run_gpu_bench(sandbox, std::move(spec), std::move(told), executor);
    outcome.result.emplace(co_await std::move(running));
}

Outcome run(ScriptedSandbox& sandbox, GpuBenchSpec spec) {
    Outcome outcome;
    asio::io_context io;
    asio::co_spawn(io, run_into(sandbox, std::move(spec), outcome),
                   [](const std::exception_ptr&) {});
    io.run();
    return outcome;
}

TEST_CASE("a run hands on the report, and shows the program only what it needs") {
    ScriptedSandbox sandbox({report_line, "", ProcessExit{}, {}});
    GpuBenchSpec spec;
    spec.program = "/opt/gleaner-gpu-bench";
    spec.engine_dir = "/var/engines/cuda";
    spec.device_nodes = {"/dev/nvidia0"};
    spec.environment = {{"CUDA_VISIBLE_DEVICES", "GPU-1"}};
    const Outcome outcome = run(sandbox, spec);
    REQUIRE(outcome.result);
    REQUIRE(*outcome.result);
    CHECK(outcome.result->value().name == "NVIDIA L4");
    const SandboxSpec& started = sandbox.started;
    CHECK(started.command == gpu_bench_arguments(spec));
    REQUIRE(started.read_only.size() == 2);
    CHECK(started.read_only[0].host == spec.program);
    CHECK(started.read_only[0].inside == started.command[0]);
    CHECK(started.read_only[1].inside == "/engine");
    CHECK(started.device_nodes == spec.device_nodes);
    CHECK(started.environment == spec.environment);
    CHECK(started.socket_dir.empty());
    CHECK(started.idle_priority);
    CHECK(sandbox.alive == 0);
}

TEST_CASE("progress is told while it runs, each once") {
    ScriptedSandbox sandbox({report_line,
                             "{\"event\":\"progress\",\"stage\":\"fp32\",\"done\":4,\"of\":8}\n",
                             ProcessExit{}, 3600s});
    const Outcome outcome = run(sandbox, GpuBenchSpec());
    CHECK(outcome.told == std::vector<GpuBenchProgress>{{"fp32", 4, 8}});
    REQUIRE(outcome.result);
    CHECK(outcome.result->has_value());
}

TEST_CASE("who hears of the progress can end the run") {
    ScriptedSandbox sandbox({report_line,
                             "{\"event\":\"progress\",\"stage\":\"too_hot\",\"done\":1,\"of\":8}\n",
                             std::nullopt,
                             {}});
    const Outcome outcome = run(sandbox, GpuBenchSpec());
    REQUIRE(outcome.result);
    CHECK(outcome.result->error().code() == ErrorCode::failed_precondition);
    CHECK(sandbox.alive == 0);
}

TEST_CASE("a program that fails or hangs is told apart, and none is left running") {
    ScriptedSandbox crashed({"", "", ProcessExit{139, false, false}, {}});
    CHECK(run(crashed, GpuBenchSpec()).result->error().code() == ErrorCode::unavailable);
    CHECK(crashed.alive == 0);
    ScriptedSandbox hanging({"", "", std::nullopt, {}});
    GpuBenchSpec spec;
    spec.limit = 500ms;
    CHECK(run(hanging, spec).result->error().code() == ErrorCode::timeout);
    CHECK(hanging.alive == 0);
}

}  // namespace
}  // namespace gleaner
