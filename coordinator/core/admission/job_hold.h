#pragma once
/// How much credit a request or job may cost at most: what is held before any work is done.

#include <cstdint>
#include <optional>

#include "shared/model/money.h"

namespace gleaner::core {

/// The most that one request may use. No tokenizer makes more tokens than bytes, so bytes bound the
/// prompt; a chat template's own marks count extra.
struct RequestBound {
    std::uint64_t prompt_bytes = 0;
    std::uint32_t messages = 1;
    std::optional<std::uint32_t> max_tokens;  ///< asked for; unset: up to the context
    std::uint32_t choices = 1;
    bool embeddings = false;  ///< generates nothing
};

/// Tokens that the request can use at most, with a model of `context_tokens` per request.
struct TokenBound {
    std::int64_t prompt = 0;
    std::int64_t generated = 0;
};
[[nodiscard]] TokenBound token_bound(const RequestBound& request, std::uint32_t context_tokens);

/// Upper bound of the price of one request when `replicas` results of it are paid.
[[nodiscard]] Money request_hold(const RequestBound& request, std::uint32_t context_tokens,
                                 TokenPrice price, std::uint32_t replicas = 1);

/// Adds up a job's hold line by line. Saturates instead of overflowing.
class JobHold {
public:
    JobHold(std::uint32_t context_tokens, TokenPrice price, std::uint32_t replicas)
        : context_tokens_(context_tokens), price_(price), replicas_(replicas) {}
    void add(const RequestBound& request);
    [[nodiscard]] Money total() const { return total_; }

private:
    std::uint32_t context_tokens_;
    TokenPrice price_;
    std::uint32_t replicas_;
    Money total_;
};

}  // namespace gleaner::core
