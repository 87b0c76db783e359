/// GGUF metadata from anyone: must end with facts or an error, in bounded time and memory.

#include <cstdlib>

#include "shared/artefact/gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const auto info = gleaner::read_gguf(std::span<const std::uint8_t>(bytes, size));
    if (!info) return 0;
    // What is returned must keep what the header promises.
    const auto& facts = info.value();
    if (facts.tensor_bytes > size || facts.architecture.empty()) std::abort();
    if (facts.kv_heads_per_block.size() != facts.block_count) std::abort();
    const auto estimate = gleaner::estimate_memory(facts, 8, 4096);
    if (estimate.total_bytes() < facts.tensor_bytes) std::abort();
    return 0;
}
