#pragma once
/// ggml's tensor types and llama.cpp's file types, as far as sizes and names go. Numbers from
/// llama.cpp 0.5.0 (gguf-py/gguf/constants.py). Internal to shared/artefact.

#include <cstdint>
#include <optional>
#include <string_view>

namespace gleaner {

/// `block_elements` weights are stored in `block_bytes` bytes.
struct GgmlType {
    std::string_view name;
    std::uint32_t block_elements = 1;
    std::uint32_t block_bytes = 0;
};

/// Nothing for a number that this version does not know.
[[nodiscard]] std::optional<GgmlType> ggml_type(std::uint64_t number);

/// "Q4_K_M" for 15; empty when unknown.
[[nodiscard]] std::string_view file_type_name(std::uint64_t number);

}  // namespace gleaner
