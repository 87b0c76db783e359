#pragma once
/// What the model is to read: messages, a prompt or inputs; their forms and sizes.

#include <cstdint>

#include <boost/json/fwd.hpp>

#include "coordinator/openai/request.h"

namespace gleaner::openai {

/// How much a prompt can be in tokens, known without the model's tokenizer.
struct PromptSize {
    std::int64_t bytes = 0;     ///< of text
    std::int64_t tokens = 0;    ///< given as token ids
    std::int64_t messages = 0;  ///< each adds a few tokens of the chat template
    std::int64_t inputs = 1;    ///< embeddings: each has the context of its own
    std::int64_t longest_bytes = 0;
    std::int64_t longest_tokens = 0;
};

/// Each checks its field, copies it to `engine` and returns its size. Errors: 400.
[[nodiscard]] ApiResult<PromptSize> take_messages(const boost::json::object& body,
                                                  boost::json::object& engine);
[[nodiscard]] ApiResult<PromptSize> take_prompt(const boost::json::object& body,
                                                boost::json::object& engine);
[[nodiscard]] ApiResult<PromptSize> take_inputs(const boost::json::object& body,
                                                boost::json::object& engine,
                                                std::int64_t inputs_max);

/// 400 context_length_exceeded for a prompt that cannot fit whatever the tokenizer does; the
/// engine refuses the rest.
[[nodiscard]] ApiStatus check_fits(const PromptSize& size, const ModelFacts& model,
                                   Endpoint endpoint);

}  // namespace gleaner::openai
