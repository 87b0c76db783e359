#include <doctest/doctest.h>

#include "coordinator/core/verifier/canary.h"
#include "coordinator/core/verifier/plausibility.h"
#include "coordinator/core/verifier/similarity.h"

using namespace gleaner::core;

namespace {

ResultFacts good_facts() {
    ResultFacts facts;
    facts.prompt_bytes = 40;
    facts.max_tokens = 32;
    facts.context_tokens = 512;
    facts.prompt_tokens = 12;
    facts.generated_tokens = 4;
    facts.usage_prompt_tokens = 12;
    facts.usage_generated_tokens = 4;
    facts.text = "579";
    facts.finish_reason = "stop";
    return facts;
}

Verdict verdict(const ResultFacts& facts) {
    const auto checked = check_plausibility(facts);
    CHECK(checked.why.empty() == (checked.verdict == Verdict::plausible));
    return checked.verdict;
}

}  // namespace

TEST_CASE("an ordinary result is plausible") {
    CHECK(verdict(good_facts()) == Verdict::plausible);
}

TEST_CASE("more tokens than were asked for are implausible") {
    auto facts = good_facts();
    facts.generated_tokens = 33;
    facts.usage_generated_tokens = 33;
    CHECK(verdict(facts) == Verdict::implausible);
    facts.choices = 2;
    CHECK(verdict(facts) == Verdict::plausible);
}

TEST_CASE("counts that differ from the reply's usage are implausible") {
    auto facts = good_facts();
    facts.usage_generated_tokens = 3;
    CHECK(verdict(facts) == Verdict::implausible);
    facts = good_facts();
    facts.usage_prompt_tokens = 13;
    CHECK(verdict(facts) == Verdict::implausible);
}

TEST_CASE("more prompt tokens than the prompt has bytes are implausible") {
    auto facts = good_facts();
    facts.prompt_tokens = 5'000;
    facts.usage_prompt_tokens = 5'000;
    CHECK(verdict(facts) == Verdict::implausible);
}

TEST_CASE("an answer without a finish reason is implausible") {
    auto facts = good_facts();
    facts.finish_reason = "";
    CHECK(verdict(facts) == Verdict::implausible);
    facts.text = "";
    CHECK(verdict(facts) == Verdict::implausible);
}

TEST_CASE("a text that does not match its token count is implausible") {
    auto facts = good_facts();
    facts.generated_tokens = 0;
    facts.usage_generated_tokens = 0;
    CHECK(verdict(facts) == Verdict::implausible);
    facts = good_facts();
    const std::string long_text(10'000, 'x');
    facts.text = long_text;
    CHECK(verdict(facts) == Verdict::implausible);
    facts = good_facts();
    facts.text = "";
    facts.generated_tokens = 30;
    facts.usage_generated_tokens = 30;
    CHECK(verdict(facts) == Verdict::implausible);
}

TEST_CASE("an answer that stopped at once is plausible") {
    auto facts = good_facts();
    facts.text = "";
    facts.generated_tokens = 1;
    facts.usage_generated_tokens = 1;
    CHECK(verdict(facts) == Verdict::plausible);
}

TEST_CASE("embeddings need a vector and no text") {
    ResultFacts facts;
    facts.embeddings = true;
    facts.prompt_bytes = 100;
    facts.prompt_tokens = 20;
    CHECK(verdict(facts) == Verdict::implausible);
    facts.has_embedding = true;
    CHECK(verdict(facts) == Verdict::plausible);
}

TEST_CASE("a canary passes by trimmed text or by number") {
    CHECK(canary_passed("579", " 579\n"));
    CHECK(canary_passed("579", "579.0"));
    CHECK(canary_passed("yes", "yes "));
    CHECK_FALSE(canary_passed("579", "580"));
    CHECK_FALSE(canary_passed("579", ""));
    CHECK_FALSE(canary_passed("yes", "Yes, of course"));
}

TEST_CASE("numbers agree by value, integers exactly") {
    CHECK(similar("42", " 42.0 "));
    CHECK(similar("3.14159", "3.1416"));
    CHECK_FALSE(similar("579", "580"));
    CHECK_FALSE(similar("1000000", "1000001"));
    CHECK_FALSE(similar("42", "forty-two"));
}

TEST_CASE("short texts must have the same words, spacing aside") {
    CHECK(similar("the answer", "the  answer\n"));
    CHECK_FALSE(similar("the answer", "the question"));
    CHECK(similar("", "  "));
    CHECK_FALSE(similar("", "something"));
}

TEST_CASE("long texts agree when they begin alike and part later") {
    const std::string honest =
        "The Thames rises in Gloucestershire and flows east through Oxford and London to the sea";
    const std::string other =
        "The Thames rises in Gloucestershire and flows through Reading, Oxford, then London";
    const std::string lie = "I am a large language model and cannot help you with this today sorry";
    CHECK(similar(honest, other));
    CHECK(similar(other, honest));
    CHECK_FALSE(similar(honest, lie));
}

TEST_CASE("an answer cut short does not agree with the whole one") {
    std::string whole;
    for (int i = 0; i < 100; ++i) whole += "word" + std::to_string(i) + " ";
    CHECK_FALSE(similar(whole, whole.substr(0, 60)));
}

TEST_CASE("Chinese texts are compared character by character") {
    CHECK(similar("泰晤士河发源于格洛斯特郡向东流经牛津", "泰晤士河发源于格洛斯特郡然后流过伦敦"));
    CHECK_FALSE(
        similar("泰晤士河发源于格洛斯特郡向东流经牛津", "我是一个语言模型不能帮助你做这件事"));
}

TEST_CASE("embeddings agree within a tolerance") {
    std::string a = "[";
    std::string b = "[";
    std::string c = "[";
    for (int i = 0; i < 32; ++i) {
        a += std::to_string(0.01 * i) + ",";
        b += std::to_string(0.01 * i + 0.00005) + ",";
        c += std::to_string(i % 2 == 0 ? 0.3 : -0.2) + ",";
    }
    CHECK(similar(a + "]", b + "]"));
    CHECK_FALSE(similar(a + "]", c + "]"));
}
