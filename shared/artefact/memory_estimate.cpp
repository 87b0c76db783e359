#include <limits>

#include "shared/artefact/gguf.h"

namespace gleaner {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t micro_batch_tokens = 512;
constexpr std::uint64_t process_bytes = 24ull << 20;

std::uint64_t saturated(Wide value) {
    constexpr Wide most = std::numeric_limits<std::uint64_t>::max();
    return static_cast<std::uint64_t>(value > most ? most : value);
}

}  // namespace

std::uint64_t MemoryEstimate::total_bytes() const {
    return saturated(Wide{weights_bytes} + kv_cache_bytes + compute_bytes);
}

MemoryEstimate estimate_memory(const GgufInfo& info, std::uint32_t slots,
                               std::uint32_t context_per_slot) {
    const std::uint64_t wanted = std::uint64_t{slots} * context_per_slot;
    const std::uint64_t tokens = (wanted + 255) / 256 * 256;
    Wide kv_numbers_per_token = 0;
    for (const std::uint64_t kv_heads : info.kv_heads_per_block) {
        kv_numbers_per_token += Wide{kv_heads} * (info.key_length + info.value_length);
    }
    const Wide activations = Wide{info.vocabulary_size} + 4 * Wide{info.embedding_length} +
                             2 * Wide{info.feed_forward_length} + tokens;
    MemoryEstimate estimate;
    estimate.weights_bytes = info.tensor_bytes;
    estimate.kv_cache_bytes = saturated(2 * Wide{tokens} * kv_numbers_per_token);
    estimate.compute_bytes = saturated(4 * Wide{micro_batch_tokens} * activations +
                                       4 * Wide{slots} * info.vocabulary_size + process_bytes);
    return estimate;
}

}  // namespace gleaner
