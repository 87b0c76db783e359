#include "client-core/bench/device_benchmark.h"

#include <memory>
#include <pthread.h>
#include <sched.h>
#include <system_error>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "client-core/bench/bench_steps.h"
#include "client-core/bench/gpu_bench.h"
#include "client-core/bench/llama_bench.h"
#include "shared/async/notification.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

// What the parts take, about, for the percentage.
constexpr double cpu_part_s = 8;
constexpr double gpu_part_s = 40;
constexpr double engine_part_s = 30;
/// Reading a temperature may take some 10 ms: not at each word of the program.
constexpr Duration heat_interval = 5s;

/// What the thread that measures a processor and the coroutine share; touched on the executor only.
struct CpuRun {
    explicit CpuRun(const asio::any_io_executor& executor) : changed(executor) {}
    Notification changed;
    std::string figure;
    std::uint32_t done = 0;
    std::uint32_t of = 1;
    std::optional<Result<BenchReport>> result;
};

/// Threads that this one starts inherit it.
void run_only_when_idle() {
    const sched_param none{};
    (void)::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &none);
}

/// Errors: resource_exhausted.
Result<std::jthread> start_cpu_run(const std::shared_ptr<CpuRun>& run, const BenchTools& tools,
                                   const DeviceBenchSpec& spec) {
    const auto work = [run, executor = tools.executor, &clock = tools.clock, wishes = spec.cpu,
                       name = spec.name, memory = spec.memory_bytes](const std::stop_token& stop) {
        run_only_when_idle();
        const CpuBenchProgress progress = [&](std::string_view figure, std::uint32_t done,
                                              std::uint32_t of) {
            asio::post(executor, [run, figure = std::string(figure), done, of] {
                run->figure = figure;
                run->done = done;
                run->of = of;
                run->changed.notify();
            });
        };
        auto report = measure_cpu_report(clock, wishes, name, memory, stop, progress);
        asio::post(executor, [run, report = std::move(report)] {
            run->result.emplace(report);
            run->changed.notify();
        });
    };
    try {
        return std::jthread(work);
    } catch (const std::system_error& error) {
        return Error(ErrorCode::resource_exhausted,
                     std::string("cannot start the benchmark: ") + error.what());
    }
}

class DeviceRun {
public:
    DeviceRun(const BenchTools& tools, DeviceBenchSpec spec, BenchTold told)
        : tools_(tools),
          spec_(std::move(spec)),
          told_(std::move(told)),
          on_cpu_(spec_.kind == "cpu"),
          has_hardware_part_(on_cpu_ || (spec_.kind == "cuda" && !spec_.gpu_program.empty())),
          has_engine_part_(!spec_.engine_dir.empty() && !spec_.model_file.empty()),
          steps_(has_hardware_part_ ? (on_cpu_ ? cpu_part_s : gpu_part_s) : 0, spec_.soak_seconds,
                 has_engine_part_ ? engine_part_s : 0) {}

    [[nodiscard]] asio::awaitable<Result<BenchReport>> all() {
        GLEANER_CO_TRY(check_possible());
        BenchReport report = blank();
        const auto before = celsius();
        GLEANER_CO_TRY(check_heat(before));
        if (has_hardware_part_) {
            auto measuring = on_cpu_ ? on_processor() : on_card();
            GLEANER_CO_TRY(BenchReport measured, co_await std::move(measuring));
            // The coordinator knows the device by the one name; programs may cut or pad it.
            measured.name = spec_.name;
            if (measured.driver.empty()) measured.driver = spec_.driver;
            if (measured.program.empty()) measured.program = report.program;
            report = std::move(measured);
        }
        if (has_engine_part_) {
            auto running = with_engine();
            const auto speed = co_await std::move(running);
            if (speed) {
                add_speed(report, speed.value());
            } else if (!has_hardware_part_ || speed.error().code() == ErrorCode::cancelled) {
                co_return speed.error();
            } else {
                spdlog::warn("event=benchmark_without_engine device={} why=\"{}\"", spec_.name,
                             speed.error().message());
            }
        }
        report.celsius_before = before;
        report.celsius_after = celsius();
        co_return report;
    }

private:
    [[nodiscard]] Status check_possible() const {
        if (spec_.soak_seconds > 0 && (on_cpu_ || !has_hardware_part_)) {
            return Error(ErrorCode::unsupported,
                         "the long test is there for NVIDIA cards only, with gleaner-gpu-bench");
        }
        if (has_hardware_part_ || has_engine_part_) return ok();
        return Error(ErrorCode::unsupported,
                     spec_.kind == "cuda"
                         ? "gleaner-gpu-bench is not installed, and there is no model here yet to "
                           "measure this card with"
                         : "there is no model here yet, and a GPU of the kind " + spec_.kind +
                               " is measured only by running one");
    }

    [[nodiscard]] BenchReport blank() const {
        BenchReport report;
        report.kind = spec_.kind;
        report.name = spec_.name;
        report.driver = spec_.driver;
        report.program = "gleaner-node";
        report.measured_at = tools_.clock.wall();
        report.memory_total_bytes = spec_.memory_bytes;
        return report;
    }

    [[nodiscard]] std::optional<std::uint32_t> celsius() const {
        return on_cpu_ || !tools_.celsius ? std::nullopt : tools_.celsius();
    }

    [[nodiscard]] Status check_heat(const std::optional<std::uint32_t>& now) const {
        if (!now || *now <= spec_.celsius_max) return ok();
        return Error(ErrorCode::failed_precondition,
                     "the GPU is at " + std::to_string(*now) + " °C, above the limit of " +
                         std::to_string(spec_.celsius_max) +
                         " °C: let it cool down, and clean its fans");
    }

    void tell(std::uint32_t percent, std::string_view stage) {
        told_({percent, bench_step_sentence(stage, !on_cpu_)});
    }

    [[nodiscard]] asio::awaitable<Result<BenchReport>> on_processor() {
        const auto run = std::make_shared<CpuRun>(tools_.executor);
        GLEANER_CO_TRY(std::jthread thread, start_cpu_run(run, tools_, spec_));
        const bool throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!run->result) {
            co_await run->changed.wait();
            const auto state = co_await asio::this_coro::cancellation_state;
            // Its end is waited for all the same: it comes soon, and a join would block everybody.
            if (state.cancelled() != asio::cancellation_type::none) thread.request_stop();
            if (!run->result && !run->figure.empty()) {
                tell(steps_.in_hardware(run->done, run->of), run->figure);
            }
        }
        co_await asio::this_coro::throw_if_cancelled(throws);
        co_return std::move(*run->result);
    }

    [[nodiscard]] asio::awaitable<Result<BenchReport>> on_card() {
        GpuBenchSpec gpu;
        gpu.program = spec_.gpu_program;
        gpu.engine_dir = spec_.engine_dir;
        gpu.device_nodes = spec_.device_nodes;
        gpu.environment = spec_.environment;
        gpu.soak_seconds = spec_.soak_seconds;
        GpuBenchTold told = [this](const GpuBenchProgress& now) { return on_progress(now); };
        auto running =
            run_gpu_bench(tools_.sandbox, std::move(gpu), std::move(told), tools_.executor);
        co_return co_await std::move(running);
    }

    [[nodiscard]] Status on_progress(const GpuBenchProgress& now) {
        // Blocks of memory count within their stage, which has told of itself.
        if (now.stage == "soak") {
            tell(steps_.in_soak(now.done, now.of), now.stage);
        } else if (now.stage != "usable_memory_blocks") {
            tell(steps_.in_hardware(now.done, now.of), now.stage);
        }
        const Time looked = tools_.clock.now();
        if (last_heat_ && looked - *last_heat_ < heat_interval) return ok();
        last_heat_ = looked;
        return check_heat(celsius());
    }

    [[nodiscard]] asio::awaitable<Result<ModelSpeed>> with_engine() {
        tell(steps_.in_engine(), figure::prompt);
        LlamaBenchSpec engine;
        engine.engine_dir = spec_.engine_dir;
        engine.model_file = spec_.model_file;
        engine.device_nodes = spec_.device_nodes;
        engine.environment = spec_.environment;
        engine.threads = spec_.threads;
        engine.gpu_layers = spec_.gpu_layers;
        engine.device = spec_.engine_device;
        engine.idle_priority = true;
        auto running = run_llama_bench(tools_.sandbox, std::move(engine), tools_.executor);
        co_return co_await std::move(running);
    }

    void add_speed(BenchReport& report, const ModelSpeed& speed) const {
        // "llama-bench CUDA": the same card may be driven by several backends.
        const std::string method = ("llama-bench " + speed.backends).substr(0, 64);
        const double rates[] = {speed.prompt_tokens_per_s, speed.generated_tokens_per_s};
        report.model = spec_.model_name;
        report.figures.push_back(figure_of(figure::prompt, "tokens/s", method, {&rates[0], 1}));
        report.figures.push_back(figure_of(figure::generation, "tokens/s", method, {&rates[1], 1}));
    }

    const BenchTools& tools_;
    DeviceBenchSpec spec_;
    BenchTold told_;
    bool on_cpu_;
    bool has_hardware_part_;
    bool has_engine_part_;
    BenchSteps steps_;
    std::optional<Time> last_heat_;
};

}  // namespace

asio::awaitable<Result<BenchReport>> benchmark_device(const BenchTools& tools, DeviceBenchSpec spec,
                                                      BenchTold told) {
    DeviceRun run(tools, std::move(spec), std::move(told));
    auto measuring = run.all();
    co_return co_await std::move(measuring);
}

}  // namespace gleaner
