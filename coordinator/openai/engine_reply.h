#pragma once
/// The engine's whole reply (not streamed) in OpenAI's form.

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "coordinator/openai/request.h"

namespace gleaner::openai {

struct ReplyFacts {
    Endpoint endpoint = Endpoint::chat_completions;
    std::string id;              ///< "chatcmpl-…"; unused for embeddings
    std::string model;           ///< the name the customer knows
    std::int64_t created_s = 0;  ///< 0: the engine's own
    std::int32_t top_logprobs = -1;
};

/// Replaces id and model, drops what is the engine's own, completes what OpenAI always has. Errors:
/// data_corrupt (not a reply of this endpoint: the node's fault).
[[nodiscard]] Result<std::string> openai_reply(std::string_view engine_body,
                                               const ReplyFacts& facts);

/// How many of the prompt's tokens the engine had computed before, as its whole reply says (in
/// `usage`, or in llama-server's `timings`): 0 to the prompt's tokens.
[[nodiscard]] std::int64_t cached_prompt_tokens(const boost::json::object& engine);

/// The error object of a request that the engine refused, from its own error body, or `message`
/// when there is none. `status` is the engine's; what is not 4xx becomes 500.
[[nodiscard]] ApiError engine_refusal(std::string_view engine_body, std::int32_t status,
                                      std::string_view message);

}  // namespace gleaner::openai
