#pragma once
/// What an engine's reply says about itself, for the verifier.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gleaner::runtime {

struct ReplyFacts {
    bool well_formed = false;  ///< an object with choices or data, and a usage
    std::string text;          ///< content, reasoning and tool arguments of all choices
    std::string finish_reason;
    bool has_embedding = false;
    std::optional<std::uint32_t> prompt_tokens;  ///< by the reply's usage
    std::optional<std::uint32_t> generated_tokens;
    std::uint32_t cached_tokens = 0;  ///< of the prompt's
};

/// Never fails: a malformed reply gives well_formed = false.
[[nodiscard]] ReplyFacts read_reply(std::string_view reply_json);

}  // namespace gleaner::runtime
