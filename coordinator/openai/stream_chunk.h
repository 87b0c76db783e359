#pragma once
/// One event of the engine's stream, read: the few things that matter of it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "coordinator/openai/request.h"

namespace gleaner::openai {

struct StreamChunk {
    std::string text;       ///< delta.content, or choices[0].text
    std::string reasoning;  ///< delta.reasoning_content
    boost::json::array tool_calls;
    boost::json::value logprobs;  ///< as the engine has it; null
    std::string finish_reason;
    std::string fingerprint;
    bool done = false;                             ///< "[DONE]"
    std::optional<std::int64_t> generated_tokens;  ///< by this node so far
    std::optional<std::int64_t> prompt_tokens;
    std::int64_t cached_tokens = 0;
    std::string error;  ///< the engine's message, when the event is an error
};

/// Errors: data_corrupt (not the engine's form: the node's fault).
[[nodiscard]] Result<StreamChunk> parse_chunk(std::string_view data,
                                              boost::json::storage_ptr memory);

/// The engine's log-probabilities in OpenAI's form: chat's {content, refusal} or the completions'
/// {tokens, token_logprobs, top_logprobs, text_offset}. `text_offset`: where the text begins.
[[nodiscard]] boost::json::value openai_logprobs(Endpoint endpoint,
                                                 const boost::json::value& engine, std::int32_t top,
                                                 std::int64_t text_offset);

}  // namespace gleaner::openai
