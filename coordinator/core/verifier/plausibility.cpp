#include "coordinator/core/verifier/plausibility.h"

#include "coordinator/core/verifier/numbers.h"

namespace gleaner::core {

namespace {

// A chat template adds a little to each message; no tokenizer makes more tokens than bytes.
constexpr std::uint64_t template_tokens = 512;
// The longest token of common vocabularies is 128 bytes of space or punctuation; a text of many
// tokens never averages this.
constexpr std::uint64_t bytes_per_token_max = 128;
constexpr std::uint64_t tokens_without_text_max =
    16;  // templates' own marks, stripped from the text

Plausibility refuse(std::string why) {
    return {Verdict::implausible, std::move(why)};
}

std::string count(std::uint64_t n) {
    return std::to_string(n);
}

Plausibility check_counts(const ResultFacts& facts) {
    const std::uint64_t prompt = facts.prompt_tokens;
    const std::uint64_t generated = facts.generated_tokens;
    if (facts.usage_prompt_tokens && *facts.usage_prompt_tokens != prompt)
        return refuse("the reply counts " + count(*facts.usage_prompt_tokens) +
                      " prompt tokens, the node " + count(prompt));
    if (facts.usage_generated_tokens && *facts.usage_generated_tokens != generated)
        return refuse("the reply counts " + count(*facts.usage_generated_tokens) +
                      " generated tokens, the node " + count(generated));
    const std::uint64_t choices = facts.choices == 0 ? 1 : facts.choices;
    if (prompt > (facts.prompt_bytes + template_tokens) * choices)
        return refuse(count(prompt) + " prompt tokens for " + count(facts.prompt_bytes) + " bytes");
    if (facts.max_tokens && generated > *facts.max_tokens * choices)
        return refuse(count(generated) + " generated tokens, at most " +
                      count(*facts.max_tokens * choices) + " were asked for");
    if (facts.context_tokens > 0 && generated > facts.context_tokens * choices)
        return refuse(count(generated) + " generated tokens in a context of " +
                      count(facts.context_tokens));
    return {};
}

Plausibility check_text(const ResultFacts& facts) {
    const std::uint64_t bytes = facts.text.size();
    const std::uint64_t generated = facts.generated_tokens;
    if (facts.finish_reason.empty()) {
        if (trimmed(facts.text).empty()) return refuse("an empty answer without a finish reason");
        return refuse("an answer without a finish reason");
    }
    if (bytes > 0 && generated == 0) return refuse("a text of no tokens");
    if (bytes > (generated + 1) * bytes_per_token_max)
        return refuse(count(bytes) + " bytes of text from " + count(generated) + " tokens");
    if (bytes == 0 && generated > tokens_without_text_max && facts.finish_reason == "stop")
        return refuse(count(generated) + " tokens without any text");
    if (facts.finish_reason == "length" && generated == 0 && facts.max_tokens.value_or(1) > 0)
        return refuse("cut off for length before the first token");
    return {};
}

}  // namespace

Plausibility check_plausibility(const ResultFacts& facts) {
    auto counts = check_counts(facts);
    if (counts.verdict == Verdict::implausible) return counts;
    if (facts.embeddings) {
        if (!facts.has_embedding) return refuse("no embedding in the reply");
        return {};
    }
    return check_text(facts);
}

}  // namespace gleaner::core
