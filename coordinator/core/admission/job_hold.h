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

/// Adds up line by line what a job may cost. Saturates instead of overflowing. Three answers:
/// lowest: as few tokens as there can well be (eight bytes each, an answer of one token, the prompt
/// in the engine's cache), at the lowest price; expected: a guess (four bytes a token, answers of
/// typical length), at the present price; highest: the bound, at the highest price.
class JobEstimate {
public:
    struct Prices {
        TokenPrice lowest;
        TokenPrice now;
        TokenPrice highest;
    };
    /// `typical_answer`: tokens that this model's answers have had; 0: none was seen.
    JobEstimate(std::uint32_t context_tokens, const Prices& prices, std::uint32_t replicas,
                double typical_answer = 0)
        : context_tokens_(context_tokens),
          prices_(prices),
          replicas_(replicas),
          typical_answer_(typical_answer) {}
    void add(const RequestBound& request);

    [[nodiscard]] Money lowest() const { return lowest_; }
    [[nodiscard]] Money expected() const;
    [[nodiscard]] Money highest() const { return highest_; }
    /// Of one request with all its replicas.
    [[nodiscard]] Money highest_of_one() const { return highest_of_one_; }
    // Of all requests and replicas.
    [[nodiscard]] const TokenBound& expected_tokens() const { return expected_tokens_; }
    [[nodiscard]] const TokenBound& most_tokens() const { return most_tokens_; }

private:
    std::uint32_t context_tokens_;
    Prices prices_;
    std::uint32_t replicas_;
    double typical_answer_;
    Money lowest_;
    Money highest_;
    Money highest_of_one_;
    TokenBound expected_tokens_;
    TokenBound most_tokens_;
};

}  // namespace gleaner::core
