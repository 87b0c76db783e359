#include "client-core/bench/llama_bench.h"

#include <cmath>
#include <system_error>

#include <boost/json.hpp>

#include "client-core/platform/sandboxed_run.h"

namespace gleaner {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

/// A number whatever its kind in JSON; nothing but a positive finite one is a speed.
double positive_number(const json::object& run, std::string_view name) {
    const json::value* const value = run.if_contains(name);
    if (value == nullptr || !value->is_number()) return 0;
    const double number = value->to_number<double>();
    return std::isfinite(number) && number > 0 ? number : 0;
}

std::string text_of(const json::object& run, std::string_view name) {
    const json::value* const value = run.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

}  // namespace

std::vector<std::string> llama_bench_arguments(const LlamaBenchSpec& spec) {
    const auto text = [](auto value) { return std::to_string(value); };
    std::vector<std::string> words = {
        std::string(sandbox_paths::engine_dir) + "/llama-bench", "--model",
        std::string(sandbox_paths::model_file), "--output", "json", "--threads", text(spec.threads),
        // llama-bench knows no "all"; no model has as many layers.
        "--n-gpu-layers", text(spec.gpu_layers < 0 ? 999 : spec.gpu_layers), "--n-prompt",
        text(spec.prompt_tokens), "--n-gen", text(spec.generated_tokens), "--repetitions", "2"};
    if (!spec.device.empty()) words.insert(words.end(), {"--device", spec.device});
    return words;
}

Result<ModelSpeed> parse_llama_bench(std::string_view text) {
    boost::system::error_code ec;
    const json::value value = json::parse(text, ec);
    if (ec || !value.is_array()) {
        return Error(ErrorCode::data_corrupt, "llama-bench printed no JSON list of runs");
    }
    ModelSpeed speed;
    for (const json::value& item : value.get_array()) {
        if (!item.is_object()) continue;
        const json::object& run = item.get_object();
        const double rate = positive_number(run, "avg_ts");
        if (positive_number(run, "n_gen") > 0) {
            speed.generated_tokens_per_s = rate;
        } else {
            speed.prompt_tokens_per_s = rate;
        }
        speed.backends = text_of(run, "backends");
        speed.device = text_of(run, "gpu_info");
        if (speed.device.empty()) speed.device = text_of(run, "cpu_info");
    }
    if (speed.prompt_tokens_per_s <= 0 || speed.generated_tokens_per_s <= 0) {
        return Error(ErrorCode::data_corrupt,
                     "llama-bench did not measure prompt and generation: no positive avg_ts");
    }
    return speed;
}

asio::awaitable<Result<ModelSpeed>> run_llama_bench(Sandbox& sandbox, LlamaBenchSpec spec,
                                                    asio::any_io_executor executor) {
    SandboxSpec inside;
    inside.command = llama_bench_arguments(spec);
    inside.read_only = {{spec.engine_dir, std::string(sandbox_paths::engine_dir)},
                        {spec.model_file, std::string(sandbox_paths::model_file)}};
    inside.device_nodes = spec.device_nodes;
    inside.environment = spec.environment;
    inside.limits = spec.limits;
    std::error_code ec;
    inside.limits.mapped_bytes = std::filesystem::file_size(spec.model_file, ec);
    if (ec) {
        co_return Error(ErrorCode::not_found,
                        "llama-bench: " + spec.model_file.string() + ": " + ec.message());
    }
    inside.idle_priority = spec.idle_priority;
    inside.stdout_bytes_max = 64 << 10;
    auto run = run_in_sandbox(sandbox, std::move(inside), spec.limit, executor);
    auto printed = co_await std::move(run);
    if (!printed) co_return std::move(printed).error();
    co_return parse_llama_bench(printed.value());
}

}  // namespace gleaner
