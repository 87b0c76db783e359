#pragma once
/// Can one result be what it says? Catches crude lies and broken engines without computing anything
/// again: counts against bounds, text against counts. Pure; the runtime fills in the facts.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/core/types.h"

namespace gleaner::core {

/// What is known of a request and of the reply to it.
struct ResultFacts {
    bool embeddings = false;                  ///< no text is generated
    std::uint64_t prompt_bytes = 0;           ///< of the request's messages, prompt or input
    std::optional<std::uint32_t> max_tokens;  ///< asked for
    std::uint32_t choices = 1;                ///< answers asked for ("n")
    std::uint32_t context_tokens = 0;         ///< of the model, per request; 0: unknown
    std::uint32_t prompt_tokens = 0;          ///< as the node counts for billing
    std::uint32_t generated_tokens = 0;
    std::optional<std::uint32_t> usage_prompt_tokens;  ///< as the reply's usage says
    std::optional<std::uint32_t> usage_generated_tokens;
    std::string_view text;           ///< of the answer: content, reasoning, tool arguments
    std::string_view finish_reason;  ///< "stop", "length", "tool_calls"; empty: none given
    bool has_embedding = false;      ///< embeddings: a non-empty finite vector is there
};

struct Plausibility {
    Verdict verdict = Verdict::plausible;  ///< plausible or implausible
    std::string why;                       ///< for operators; never contains the text
};

[[nodiscard]] Plausibility check_plausibility(const ResultFacts& facts);

}  // namespace gleaner::core
