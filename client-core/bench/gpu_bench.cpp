#include "client-core/bench/gpu_bench.h"

#include <algorithm>
#include <memory>

#include <boost/json.hpp>

#include "shared/async/deadline.h"

namespace gleaner {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::string_view program_inside = "/bench/gleaner-gpu-bench";
/// How often progress is looked for: a person sees no difference to "at once".
constexpr Duration look_interval = 500ms;
/// Exit statuses of the program (cuda/gpu_bench_main.cpp).
constexpr int status_wrong_arguments = 2;
constexpr int status_no_device = 3;

/// The whole lines of `text`, the last first.
std::vector<std::string_view> lines_from_end(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.rfind('\n');
        if (end == std::string_view::npos) break;
        // What follows the last newline is half a line, or nothing.
        text.remove_suffix(text.size() - end);
        const std::size_t begin = text.rfind('\n');
        lines.push_back(begin == std::string_view::npos ? text : text.substr(begin + 1));
    }
    return lines;
}

std::optional<json::object> event_in(std::string_view line, std::string_view kind) {
    boost::system::error_code ec;
    json::value value = json::parse(line, ec);
    if (ec || !value.is_object()) return std::nullopt;
    const json::value* const event = value.get_object().if_contains("event");
    if (event == nullptr || !event->is_string() || event->get_string() != kind) {
        return std::nullopt;
    }
    return std::move(value.get_object());
}

std::string text_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

std::uint32_t number_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    boost::system::error_code ec;
    const auto number = value != nullptr ? value->to_number<std::uint32_t>(ec) : 0U;
    return ec ? 0 : number;
}

SandboxSpec sandbox_spec(const GpuBenchSpec& spec) {
    SandboxSpec inside;
    inside.command = gpu_bench_arguments(spec);
    inside.read_only = {{spec.program, std::string(program_inside)}};
    if (!spec.engine_dir.empty()) {
        inside.read_only.push_back({spec.engine_dir, std::string(sandbox_paths::engine_dir)});
    }
    inside.device_nodes = spec.device_nodes;
    inside.environment = spec.environment;
    inside.limits = spec.limits;
    inside.idle_priority = true;
    inside.stdout_bytes_max = 128 << 10;
    return inside;
}

asio::awaitable<Result<ProcessExit>> exit_of(SandboxedProcess& process) {
    const ProcessExit exit = co_await process.wait();
    co_return exit;
}

}  // namespace

std::vector<std::string> gpu_bench_arguments(const GpuBenchSpec& spec) {
    std::vector<std::string> words = {std::string(program_inside), "--leave-mib",
                                      std::to_string(spec.leave_mib)};
    if (spec.soak_seconds > 0) {
        words.insert(words.end(), {"--soak-seconds", std::to_string(spec.soak_seconds)});
    }
    if (spec.quick) words.emplace_back("--quick");
    return words;
}

std::optional<GpuBenchProgress> last_gpu_bench_progress(std::string_view text) {
    for (const std::string_view line : lines_from_end(text)) {
        const auto event = event_in(line, "progress");
        if (!event) continue;
        return GpuBenchProgress{text_at(*event, "stage"), number_at(*event, "done"),
                                number_at(*event, "of")};
    }
    return std::nullopt;
}

Error gpu_bench_failure(int status, std::string_view standard_error) {
    std::string words;
    for (const std::string_view line : lines_from_end(standard_error)) {
        const auto event = event_in(line, "error");
        if (!event) continue;
        words = text_at(*event, "message");
        break;
    }
    if (status == status_no_device && !words.empty()) return Error(ErrorCode::not_found, words);
    if (status == status_wrong_arguments) {
        return Error(ErrorCode::internal, "gleaner-gpu-bench refused its command line");
    }
    if (!words.empty()) return Error(ErrorCode::unavailable, "the GPU failed: " + words);
    if (status > 128) {
        return Error(ErrorCode::unavailable,
                     "the GPU's benchmark was ended by signal " + std::to_string(status - 128));
    }
    return Error(ErrorCode::unavailable,
                 "the GPU's benchmark failed with status " + std::to_string(status));
}

Result<BenchReport> parse_gpu_bench(std::string_view standard_output) {
    GLEANER_TRY(BenchReport report, parse_bench_report(standard_output));
    if (report.kind != "cuda" || report.figures.empty()) {
        return Error(ErrorCode::data_corrupt, "gleaner-gpu-bench printed no report of a GPU");
    }
    return report;
}

asio::awaitable<Result<BenchReport>> run_gpu_bench(Sandbox& sandbox, GpuBenchSpec spec,
                                                   GpuBenchTold told,
                                                   asio::any_io_executor executor) {
    const Duration limit = spec.limit + std::chrono::seconds(spec.soak_seconds);
    const SandboxSpec inside = sandbox_spec(spec);
    GLEANER_CO_TRY(const auto process, sandbox.start(inside, executor));
    std::optional<GpuBenchProgress> last;
    for (Duration waited{}; waited < limit; waited += look_interval) {
        auto ended = exit_of(*process);
        const auto exit = co_await with_deadline(std::move(ended), look_interval);
        if (exit && exit.value().clean()) co_return parse_gpu_bench(process->stdout_tail());
        if (exit) co_return gpu_bench_failure(exit.value().code, process->stderr_tail());
        if (exit.error().code() != ErrorCode::timeout) co_return exit.error();
        auto now = last_gpu_bench_progress(process->stderr_tail());
        if (!now || now == last) continue;
        GLEANER_CO_TRY(told(*now));
        last = std::move(now);
    }
    // The handle's end kills it.
    co_return Error(ErrorCode::timeout, "the GPU's benchmark did not end in " +
                                            std::to_string(limit.count() / 1'000'000) +
                                            " s: its driver hangs, or the machine is very busy");
}

}  // namespace gleaner
