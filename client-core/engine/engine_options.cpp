#include "client-core/engine/engine_options.h"

#include "client-core/platform/sandbox.h"

namespace gleaner {

namespace {

Status check_range(std::string_view name, std::int64_t value, std::int64_t least,
                   std::int64_t most) {
    if (value >= least && value <= most) return ok();
    return Error(ErrorCode::invalid_argument, "engine option " + std::string(name) + " is " +
                                                  std::to_string(value) + ": it must be between " +
                                                  std::to_string(least) + " and " +
                                                  std::to_string(most));
}

}  // namespace

Status check_engine_options(const EngineOptions& options) {
    GLEANER_TRY(check_range("slots", options.slots, 1, 256));
    GLEANER_TRY(check_range("context_per_slot", options.context_per_slot, 64, 1 << 20));
    GLEANER_TRY(check_range("threads", options.threads, 1, 512));
    GLEANER_TRY(check_range("gpu_layers", options.gpu_layers, -1, 10'000));
    GLEANER_TRY(check_range("prompt_cache_mib", options.prompt_cache_mib, 0, 1 << 20));
    const auto total = static_cast<std::int64_t>(options.slots) * options.context_per_slot;
    return check_range("slots × context_per_slot", total, 64, 1 << 24);
}

std::uint32_t engine_connections_max(const EngineOptions& options) {
    return options.slots * 2 + 8;
}

std::vector<std::string> engine_arguments(const EngineOptions& options) {
    const auto text = [](auto value) { return std::to_string(value); };
    const std::string threads = text(options.threads);
    std::vector<std::string> words = {
        std::string(sandbox_paths::engine_dir) + "/llama-server", "--model",
        std::string(sandbox_paths::model_file), "--host",
        std::string(sandbox_paths::socket_dir) + "/" + std::string(engine_socket_name),
        "--parallel", text(options.slots), "--ctx-size",
        text(static_cast<std::uint64_t>(options.slots) * options.context_per_slot), "--threads",
        threads, "--threads-batch", threads,
        // The server keeps a thread for every open connection, idle or not.
        "--threads-http", text(engine_connections_max(options) + 4), "--cache-ram",
        text(options.prompt_cache_mib), "--no-kv-unified", "--no-ui", "--offline", "--metrics",
        // Errors only: warnings come with every request whose prompt is cached, the information
        // level tells sizes and timings of every request, the debug level prompts.
        "--log-verbosity", "1", "--log-colors", "off",
        // Silence of a slow prompt is normal; whoever waits has a deadline of its own.
        "--sse-ping-interval", "-1"};
    words.insert(
        words.end(),
        {"--n-gpu-layers", options.gpu_layers < 0 ? std::string("all") : text(options.gpu_layers)});
    if (options.gpu_layers == 0) {
        words.insert(words.end(), {"--device", "none"});
    } else if (!options.device.empty()) {
        words.insert(words.end(), {"--device", options.device});
    }
    if (options.embeddings) words.emplace_back("--embeddings");
    return words;
}

}  // namespace gleaner
