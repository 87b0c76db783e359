#pragma once
/// Reads what matters in the engine's answers: token counts and refusals. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "client-core/core/work_loop/types.h"

namespace gleaner {

/// The route of the engine for an endpoint.
[[nodiscard]] std::string_view engine_route(work::Endpoint endpoint);

/// A whole reply: body and tokens from `usage`, or from llama-server's `timings`. A status of the
/// 4xx kind is the customer's (request_rejected, with the engine's error object); anything else
/// that is not 2xx, or no JSON, is the engine's.
[[nodiscard]] work::Outcome read_reply(unsigned status, std::string body);

/// Follows one stream of events and counts tokens. An event with text counts as one token until the
/// engine says better: in `timings.predicted_n`, which it sends with each event if asked
/// (`timings_per_token`), or in `usage` at the end.
class StreamTokens {
public:
    /// False: this is the engine's "[DONE]", not an event.
    [[nodiscard]] bool see(std::string_view data);

    [[nodiscard]] std::uint32_t prompt() const { return prompt_; }
    [[nodiscard]] std::uint32_t generated() const { return generated_; }
    /// Set when an event was an error object.
    [[nodiscard]] const work::Failure& failure() const { return failure_; }

private:
    std::uint32_t prompt_ = 0;
    std::uint32_t generated_ = 0;
    work::Failure failure_;
};

}  // namespace gleaner
