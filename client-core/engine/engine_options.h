#pragma once
/// What an engine process is told: pure translation of options into llama-server's arguments.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/util/result.h"

namespace gleaner {

/// The socket's name inside sandbox_paths::socket_dir.
inline constexpr std::string_view engine_socket_name = "engine.sock";

struct EngineOptions {
    std::uint32_t slots = 4;                ///< requests generated at the same time, 1..256
    std::uint32_t context_per_slot = 4096;  ///< tokens, 64..2^20
    std::uint32_t threads = 1;              ///< CPU threads for generation and prompts, 1..512
    std::int32_t gpu_layers = 0;            ///< layers on the GPU; -1 = all
    std::string device;                     ///< the engine's own name ("CUDA0"); empty = its choice
    bool embeddings = false;                ///< an embedding model: only /v1/embeddings
    std::uint32_t prompt_cache_mib = 0;     ///< memory for prompts of past requests; 0 = none
};

/// Connections that one client may keep open to this engine (the server spends a thread on each).
[[nodiscard]] std::uint32_t engine_connections_max(const EngineOptions& options);

/// Bounds checked; the message names the option.
[[nodiscard]] Status check_engine_options(const EngineOptions& options);

/// argv of llama-server with paths as seen inside the sandbox. Logging is reduced to errors,
/// which never hold prompts. Precondition: check_engine_options holds.
[[nodiscard]] std::vector<std::string> engine_arguments(const EngineOptions& options);

}  // namespace gleaner
