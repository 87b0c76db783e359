#include "coordinator/core/admission/job_hold.h"

#include <algorithm>
#include <limits>

namespace gleaner::core {

namespace {
constexpr std::uint64_t template_tokens_per_message = 64;
constexpr std::int64_t money_max = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::int64_t tokens_max = 1'000'000'000'000;
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

void JobHold::add(const RequestBound& request) {
    const auto more = request_hold(request, context_tokens_, price_, replicas_);
    total_.micros =
        std::min(money_max,
                 total_.micros > money_max - more.micros ? money_max : total_.micros + more.micros);
}

}  // namespace gleaner::core
