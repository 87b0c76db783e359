#include "coordinator/core/admission/job_hold.h"

#include <algorithm>
#include <limits>

namespace gleaner::core {

namespace {
constexpr std::uint64_t template_tokens_per_message = 64;
constexpr std::int64_t money_max = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::int64_t tokens_max = 1'000'000'000'000;
constexpr std::int64_t tokens_sum_max = 1'000'000'000'000'000;
constexpr std::int64_t bytes_per_token = 4;
constexpr std::int64_t bytes_per_token_most = 8;
constexpr std::int64_t typical_answer_unseen = 256;

Money sum(Money a, Money b) {
    return {a.micros > money_max - b.micros ? money_max : a.micros + b.micros};
}

void add_tokens(TokenBound& total, std::int64_t prompt, std::int64_t generated,
                std::int64_t times) {
    total.prompt = std::min(total.prompt + prompt * times, tokens_sum_max);
    total.generated = std::min(total.generated + generated * times, tokens_sum_max);
}
}  // namespace

TokenBound token_bound(const RequestBound& request, std::uint32_t context_tokens) {
    const auto context = static_cast<std::int64_t>(context_tokens);
    const auto choices = static_cast<std::int64_t>(std::max(request.choices, 1U));
    const std::uint64_t text =
        request.prompt_bytes + template_tokens_per_message * std::max(request.messages, 1U);
    TokenBound bound;
    bound.prompt =
        static_cast<std::int64_t>(std::min(text, static_cast<std::uint64_t>(tokens_max)));
    // The engine refuses prompts beyond the context, so no more can ever be charged.
    if (context > 0) bound.prompt = std::min(bound.prompt, context);
    if (request.embeddings) return bound;
    const std::int64_t asked =
        request.max_tokens ? static_cast<std::int64_t>(*request.max_tokens) : context;
    bound.generated = (context > 0 ? std::min(asked, context) : asked) * choices;
    return bound;
}

Money request_hold(const RequestBound& request, std::uint32_t context_tokens, TokenPrice price,
                   std::uint32_t replicas) {
    const auto bound = token_bound(request, context_tokens);
    const auto once = price_of(price, bound.prompt, bound.generated);
    const auto times = static_cast<std::int64_t>(std::max(replicas, 1U));
    return {once.micros > money_max / times ? money_max : once.micros * times};
}

void JobEstimate::add(const RequestBound& request) {
    const auto times = static_cast<std::int64_t>(std::max(replicas_, 1U));
    const auto bound = token_bound(request, context_tokens_);
    const Money most = request_hold(request, context_tokens_, prices_.highest, replicas_);
    highest_ = sum(highest_, most);
    highest_of_one_ = std::max(highest_of_one_, most);
    add_tokens(most_tokens_, bound.prompt, bound.generated, times);

    const auto bytes = static_cast<std::int64_t>(
        std::min(request.prompt_bytes, static_cast<std::uint64_t>(tokens_max)));
    const auto least = std::min(bound.prompt, bytes / bytes_per_token_most + 1);
    const auto once = price_of(prices_.lowest, least, request.embeddings ? 0 : 1, 0);
    const auto cached = price_of(prices_.lowest, least, request.embeddings ? 0 : 1, least);
    // Of several replicas only those that agree are paid: one at least.
    lowest_ = sum(lowest_, std::min(once, cached));

    const auto typical = typical_answer_ > 0 ? static_cast<std::int64_t>(typical_answer_ + 0.5)
                                             : typical_answer_unseen;
    add_tokens(expected_tokens_, std::min(bound.prompt, bytes / bytes_per_token + 1),
               std::min(bound.generated, std::max<std::int64_t>(typical, 1)), times);
}

Money JobEstimate::expected() const {
    const auto guess = price_of(prices_.now, expected_tokens_.prompt, expected_tokens_.generated);
    return std::clamp(guess, lowest_, std::max(lowest_, highest_));
}

}  // namespace gleaner::core
