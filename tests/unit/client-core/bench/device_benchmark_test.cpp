// One device measured in all its ways, with programs that do what the test says. What must hold:
// the report is whole or not there, and nothing runs on after an end of whatever kind.

#include "client-core/bench/device_benchmark.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <doctest/doctest.h>

#include "client-core/bench/bench_steps.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/client-core/bench/scripted_sandbox.h"

namespace gleaner {
namespace {

namespace asio = boost::asio;

const std::string card_report =
    R"({"version":1,"kind":"cuda","name":"NVIDIA L4 ","uuid":"GPU-1","driver":"CUDA 13.0",)"
    R"("program":"gleaner-gpu-bench 1","figures":[{"name":"fp32","unit":"TFLOPS","method":"fma",)"
    R"("median":30,"spread":0.1,"repetitions":9}]})";
const std::string engine_report = R"([{"n_prompt":128,"n_gen":0,"avg_ts":900.5,"backends":"CUDA"},)"
                                  R"({"n_prompt":0,"n_gen":32,"avg_ts":40.25,"backends":"CUDA"}])";

std::string progress(const std::string& stage, int done, int of) {
    return R"({"event":"progress","stage":")" + stage + R"(","done":)" + std::to_string(done) +
           R"(,"of":)" + std::to_string(of) + "}\n";
}

/// Runs one benchmark; may cancel it when it has told something.
struct Bench {
    explicit Bench(ScriptedSandbox& programs)
        : sandbox(programs), tools{programs, clock, [this] { return celsius; }, io.get_executor()} {
        spec.kind = "cuda";
        spec.name = "NVIDIA L4";
        spec.gpu_program = "/opt/gleaner-gpu-bench";
        folder.write("model.gguf", "weights");
    }

    void give_model() {
        spec.engine_dir = folder.path();
        spec.model_file = folder.path() / "model.gguf";
        spec.model_name = "reference";
    }

    asio::awaitable<void> go() {
        BenchTold hear = [this](const BenchProgress& now) {
            told.push_back(now);
            if (cancel_when_told) {
                asio::post(io, [this] { stop.emit(asio::cancellation_type::terminal); });
            }
        };
        auto running = benchmark_device(tools, spec, std::move(hear));
        result.emplace(co_await std::move(running));
    }

    void run() {
        asio::co_spawn(io, go(),
                       asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr&) {}));
        io.run();
    }

    asio::io_context io;
    asio::cancellation_signal stop;
    SystemClock clock;
    ScriptedSandbox& sandbox;
    testing::TemporaryFolder folder;
    std::optional<std::uint32_t> celsius = 50;
    BenchTools tools;
    DeviceBenchSpec spec;
    bool cancel_when_told = false;
    std::vector<BenchProgress> told;
    std::optional<Result<BenchReport>> result;
};

TEST_CASE("a card's report joins what the program and the engine measured") {
    ScriptedSandbox sandbox(
        std::vector<Script>{{card_report, progress("fp32", 4, 8), ProcessExit{}, 600ms},
                            {engine_report, "", ProcessExit{}, {}}});
    Bench bench(sandbox);
    bench.give_model();
    bench.run();
    REQUIRE(bench.result);
    REQUIRE(*bench.result);
    const BenchReport& report = bench.result->value();
    CHECK(report.name == "NVIDIA L4");  // the node's name of it, not the program's
    CHECK(report.uuid == "GPU-1");
    CHECK(report.program == "gleaner-gpu-bench 1");
    CHECK(report.model == "reference");
    CHECK(report.find(figure::fp32)->median == 30);
    CHECK(report.find(figure::prompt)->median == doctest::Approx(900.5));
    CHECK(report.find(figure::generation)->median == doctest::Approx(40.25));
    CHECK(report.find(figure::generation)->method == "llama-bench CUDA");
    CHECK(report.celsius_before == 50);
    CHECK(report.celsius_after == 50);
    CHECK(sandbox.alive == 0);
    REQUIRE(bench.told.size() == 2);
    CHECK(bench.told[0].percent < bench.told[1].percent);
    CHECK(bench.told[0].step.en == "Measuring FP32 arithmetic");
    CHECK(bench.told[1].step.zh == "正在试跑模型");
}

TEST_CASE("an engine that fails costs its figures, not the report") {
    ScriptedSandbox sandbox(std::vector<Script>{{card_report, "", ProcessExit{}, {}},
                                                {"", "no", ProcessExit{1, false, false}, {}}});
    Bench bench(sandbox);
    bench.give_model();
    bench.run();
    REQUIRE(*bench.result);
    CHECK(bench.result->value().find(figure::generation) == nullptr);
    CHECK(bench.result->value().model.empty());
}

TEST_CASE("a GPU of another maker is measured by the engine alone, and not without a model") {
    ScriptedSandbox sandbox({engine_report, "", ProcessExit{}, {}});
    Bench bench(sandbox);
    bench.spec.kind = "vulkan";
    SUBCASE("with a model") {
        bench.give_model();
        bench.run();
        REQUIRE(*bench.result);
        CHECK(bench.result->value().kind == "vulkan");
        CHECK(bench.result->value().figures.size() == 2);
    }
    SUBCASE("without one") {
        bench.run();
        CHECK(bench.result->error().code() == ErrorCode::unsupported);
        CHECK(sandbox.starts == 0);
    }
    SUBCASE("a long test is refused, not left out") {
        bench.give_model();
        bench.spec.soak_seconds = 600;
        bench.run();
        CHECK(bench.result->error().code() == ErrorCode::unsupported);
    }
}

TEST_CASE("a hot card is not measured, and one that gets hot no further") {
    ScriptedSandbox sandbox({card_report, progress("fp32", 4, 8), std::nullopt, {}});
    Bench bench(sandbox);
    SUBCASE("before") {
        bench.celsius = 96;
        bench.run();
        CHECK(sandbox.starts == 0);
    }
    SUBCASE("during") {
        int asked = 0;
        bench.tools.celsius = [&]() -> std::optional<std::uint32_t> {
            return asked++ == 0 ? 60 : 97;
        };
        bench.run();
        CHECK(sandbox.starts == 1);
    }
    REQUIRE(bench.result);
    CHECK(bench.result->error().code() == ErrorCode::failed_precondition);
    CHECK(sandbox.alive == 0);
}

TEST_CASE("what a program prints is not believed") {
    for (const char* const printed :
         {"", "{}", "null", "[1e999]", R"({"version":1,"kind":"cuda","name":"A","figures":7})",
          R"({"version":1,"kind":"cuda","name":"A","figures":[{"name":"fp32","median":-1}]})",
          R"({"version":99,"kind":"cuda","name":"A"})"}) {
        CAPTURE(printed);
        ScriptedSandbox sandbox({printed, "", ProcessExit{}, {}});
        Bench bench(sandbox);
        bench.run();
        REQUIRE(bench.result);
        CHECK_FALSE(bench.result->has_value());
    }
}

TEST_CASE("cancelled halfway it leaves no program and no report") {
    ScriptedSandbox sandbox({card_report, progress("fp32", 4, 8), std::nullopt, {}});
    Bench bench(sandbox);
    bench.cancel_when_told = true;
    bench.run();  // returns, so nothing waits on
    CHECK(bench.told.size() == 1);
    CHECK((!bench.result || bench.result->has_error()));
    CHECK(sandbox.alive == 0);
}

CpuBenchWishes small_wishes() {
    CpuBenchWishes wishes;
    wishes.threads = 2;
    wishes.repetitions = 1;
    wishes.each = 5ms;
    wishes.array_bytes = 1 << 20;
    return wishes;
}

TEST_CASE("a processor is measured while the executor goes on serving others") {
    ScriptedSandbox sandbox({"", "", ProcessExit{}, {}});
    Bench bench(sandbox);
    bench.spec.kind = "cpu";
    bench.spec.name = "EPYC";
    bench.spec.cpu = small_wishes();
    bench.spec.cpu.each = 50ms;
    std::uint64_t ticks = 0;
    asio::steady_timer timer(bench.io);
    std::function<void()> tick = [&] {
        timer.expires_after(std::chrono::milliseconds(1));
        timer.async_wait([&](const boost::system::error_code&) {
            ++ticks;
            if (!bench.result) tick();
        });
    };
    tick();
    bench.run();
    REQUIRE(*bench.result);
    CHECK(bench.result->value().figures.size() == 4);
    CHECK(bench.result->value().kind == "cpu");
    CHECK_FALSE(bench.result->value().celsius_before);
    CHECK(ticks > 20);  // of some 400 ms: were it on the executor there would be none
    REQUIRE(bench.told.size() == 4);
    for (std::size_t i = 1; i < 4; ++i) CHECK(bench.told[i - 1].percent < bench.told[i].percent);
    CHECK(bench.told[0].step.zh == "正在测量内存带宽");
}

TEST_CASE("a processor's benchmark that would never end is cancelled at once") {
    ScriptedSandbox sandbox({"", "", ProcessExit{}, {}});
    Bench bench(sandbox);
    bench.spec.kind = "cpu";
    bench.spec.name = "EPYC";
    bench.spec.cpu = small_wishes();
    bench.spec.cpu.each = 3600s;
    bench.cancel_when_told = true;
    bench.run();
    CHECK((!bench.result || bench.result->error().code() == ErrorCode::cancelled));
}

TEST_CASE("the percentage never falls and reaches the end only with the result") {
    BenchSteps steps(40, 600, 30);
    std::uint32_t last = 0;
    for (std::uint32_t i = 0; i <= 8; ++i) {
        const std::uint32_t now = steps.in_hardware(i, 8);
        CHECK(now >= last);
        last = now;
    }
    CHECK(last == 5);
    CHECK(steps.in_soak(300, 600) == 50);
    CHECK(steps.in_soak(0, 600) == 50);
    CHECK(steps.in_soak(9999, 600) == 95);
    CHECK(steps.in_engine() == 95);
    CHECK(BenchSteps(0, 0, 0).in_hardware(1, 0) == 0);
    CHECK(bench_step_sentence("what", true).en == "Measuring");
}

}  // namespace
}  // namespace gleaner
