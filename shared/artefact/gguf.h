#pragma once
/// What a GGUF file says about its model: enough to refuse a broken file, show it to people, and
/// know before any lease whether it fits a device. Reads metadata only, never the weights.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shared/util/result.h"

namespace gleaner {

/// Facts from a file that was checked: every count is within bounds and every tensor lies within
/// the file. Zero and empty mean that the file does not say.
struct GgufInfo {
    std::uint32_t version = 0;
    std::string architecture;  ///< "llama", "qwen3", …
    std::string name;
    std::string quantisation;  ///< "Q4_K_M"; the commonest tensor type when the file names none
    std::uint64_t parameter_count = 0;
    std::uint64_t tensor_count = 0;
    std::uint64_t tensor_bytes = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t context_length = 0;  ///< tokens the model was trained for
    std::uint64_t embedding_length = 0;
    std::uint64_t feed_forward_length = 0;  ///< of the widest layer
    std::uint64_t block_count = 0;
    std::uint64_t head_count = 0;                   ///< of the widest layer
    std::vector<std::uint64_t> kv_heads_per_block;  ///< block_count numbers
    std::uint64_t key_length = 0;                   ///< per head
    std::uint64_t value_length = 0;                 ///< per head
    std::uint64_t expert_count = 0;
    std::uint64_t vocabulary_size = 0;
    bool has_chat_template = false;
    bool is_embedding_model = false;  ///< it pools: /v1/embeddings makes sense
};

/// data_corrupt with what was wrong or missing ("truncated: needs N bytes, has M"), unsupported
/// for versions other than 2 and 3 and for one part of a split model, not_found, io_failed.
[[nodiscard]] Result<GgufInfo> read_gguf(const std::string& path);
/// The same over bytes in memory.
[[nodiscard]] Result<GgufInfo> read_gguf(std::span<const std::uint8_t> bytes);

/// Can llama-server serve this? invalid_argument with the reason for vocabulary-only files and
/// files without the numbers that the memory estimate needs.
[[nodiscard]] Status check_servable(const GgufInfo& info);

/// Bytes, by use. All saturate instead of overflowing.
struct MemoryEstimate {
    std::uint64_t weights_bytes = 0;
    std::uint64_t kv_cache_bytes = 0;
    std::uint64_t compute_bytes = 0;
    [[nodiscard]] std::uint64_t total_bytes() const;
};

/// What llama-server needs for `slots` requests at once of `context_per_slot` tokens each.
///
///   weights  = sum of all tensors
///   kv cache = 2 bytes (f16) × tokens × Σ over blocks of kv_heads × (key_length + value_length)
///              with tokens = slots × context_per_slot, rounded up to 256; grouped-query attention
///              is in kv_heads
///   compute  = 4 bytes × 512 (the micro-batch) × (vocabulary + 4 × embedding + 2 × feed-forward
///              + tokens), for logits, activations and the attention mask with flash attention
///              + 4 bytes × slots × vocabulary for the outputs + 24 MiB for the process itself
///
/// Mixture-of-experts models keep all experts in memory, so weights need no correction; sliding
/// windows and recurrent layers need less than this says. llama.cpp 0.5.0 with the demo model was
/// measured at 31 MB for 8 slots of 512 tokens, for which this gives 47 MiB.
[[nodiscard]] MemoryEstimate estimate_memory(const GgufInfo& info, std::uint32_t slots,
                                             std::uint32_t context_per_slot);

}  // namespace gleaner
