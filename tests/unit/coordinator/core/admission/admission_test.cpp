#include <array>

#include <doctest/doctest.h>

#include "coordinator/core/admission/job_hold.h"
#include "coordinator/core/admission/model_fit.h"
#include "coordinator/core/admission/rate_limiter.h"
#include "shared/util/random.h"

using namespace gleaner;
using namespace gleaner::core;

TEST_CASE("a request's bound is its bytes and what it asks for") {
    const auto bound = token_bound({.prompt_bytes = 100, .messages = 2, .max_tokens = 50}, 4'096);
    CHECK(bound.prompt == 228);
    CHECK(bound.generated == 50);
}

TEST_CASE("a request that names no limit may fill the context") {
    const auto bound = token_bound({.prompt_bytes = 100}, 4'096);
    CHECK(bound.generated == 4'096);
    CHECK(token_bound({.prompt_bytes = 100, .max_tokens = 1'000'000}, 4'096).generated == 4'096);
}

TEST_CASE("a prompt is never charged beyond the context") {
    CHECK(token_bound({.prompt_bytes = 1'000'000, .max_tokens = 1}, 4'096).prompt == 4'096);
}

TEST_CASE("embeddings generate nothing, several choices generate several times") {
    CHECK(token_bound({.prompt_bytes = 10, .embeddings = true}, 512).generated == 0);
    CHECK(token_bound({.prompt_bytes = 10, .max_tokens = 5, .choices = 3}, 512).generated == 15);
}

TEST_CASE("the most a job can cost is the sum of its requests', times the replicas") {
    const TokenPrice price{1'000'000, 2'000'000};
    const RequestBound request{.prompt_bytes = 36, .max_tokens = 50};
    CHECK(request_hold(request, 4'096, price) == Money{200});
    JobEstimate estimate(4'096, {price, price, price}, 2);
    for (int i = 0; i < 10; ++i) estimate.add(request);
    CHECK(estimate.highest() == Money{4'000});
    CHECK(estimate.highest_of_one() == Money{400});
    CHECK(estimate.most_tokens().prompt == 2'000);
    CHECK(estimate.most_tokens().generated == 1'000);
}

TEST_CASE("the least a job can cost counts few, cached tokens, one answer a request, cheap hours") {
    const TokenPrice low{800'000, 1'000'000, 400'000};
    const TokenPrice high{8'000'000, 10'000'000, 4'000'000};
    JobEstimate estimate(4'096, {low, high, high}, 3, 20);
    estimate.add({.prompt_bytes = 72, .max_tokens = 50});
    CHECK(estimate.lowest() == Money{5});  // ten cached tokens and one generated
    CHECK(estimate.expected_tokens().prompt == 3 * 19);
    CHECK(estimate.expected_tokens().generated == 3 * 20);
    CHECK(estimate.expected() == Money{3 * 19 * 8 + 3 * 20 * 10});
    CHECK(estimate.highest() == Money{3 * ((72 + 64) * 8 + 500)});
}

TEST_CASE("answers of a model that nobody has seen are expected to be of moderate length") {
    JobEstimate estimate(4'096, {}, 1);
    estimate.add({.prompt_bytes = 4});
    CHECK(estimate.expected_tokens().generated == 256);
    estimate.add({.prompt_bytes = 4, .max_tokens = 10});
    CHECK(estimate.expected_tokens().generated == 266);
    estimate.add({.prompt_bytes = 4, .embeddings = true});
    CHECK(estimate.expected_tokens().generated == 266);
}

TEST_CASE("at random, what a job costs lies between its lowest and its highest price") {
    Random random(3);
    for (int round = 0; round < 2'000; ++round) {
        const auto price = static_cast<std::int64_t>(random.below(5'000'000));
        const auto cheap =
            static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(price) + 1));
        const TokenPrice token{price, static_cast<std::int64_t>(random.below(5'000'000)),
                               random.chance(0.5) ? std::optional(cheap) : std::nullopt};
        JobEstimate estimate(2'048, {token, token, token}, 1, 30);
        Money bill;
        for (std::uint64_t i = 0; i <= random.below(5); ++i) {
            RequestBound request{.prompt_bytes = random.below(20'000) + 1};
            if (random.chance(0.7))
                request.max_tokens = static_cast<std::uint32_t>(random.below(3'000) + 1);
            estimate.add(request);
            const auto bound = token_bound(request, 2'048);
            const auto least = std::min<std::int64_t>(
                bound.prompt, static_cast<std::int64_t>(request.prompt_bytes / 8) + 1);
            const auto prompt = least + static_cast<std::int64_t>(random.below(
                                            static_cast<std::uint64_t>(bound.prompt - least) + 1));
            const auto generated = static_cast<std::int64_t>(
                                       random.below(static_cast<std::uint64_t>(bound.generated))) +
                                   1;
            bill += price_of(
                token, prompt, generated,
                static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(prompt) + 1)));
        }
        REQUIRE(estimate.lowest() <= bill);
        REQUIRE(bill <= estimate.highest());
        REQUIRE(estimate.lowest() <= estimate.expected());
        REQUIRE(estimate.expected() <= estimate.highest());
    }
}

TEST_CASE("a hold saturates instead of overflowing") {
    const TokenPrice price{1'000'000'000'000, 1'000'000'000'000};
    JobEstimate estimate(0, {price, price, price}, 100);
    for (int i = 0; i < 10; ++i)
        estimate.add({.prompt_bytes = 1ULL << 62U, .max_tokens = 4'000'000'000});
    CHECK(estimate.highest().micros > 0);
    CHECK(estimate.lowest().micros > 0);
    CHECK(estimate.expected() <= estimate.highest());
}

TEST_CASE("a model that fits no node is refused with both sizes") {
    const std::array<std::uint64_t, 2> nodes{4ULL << 30U, 8ULL << 30U};
    CHECK(check_model_fit("qwen", 8ULL << 30U, nodes).has_value());
    const auto refused = check_model_fit("qwen", 13ULL << 30U, nodes);
    REQUIRE(refused.has_error());
    CHECK(refused.error().message() ==
          "model qwen needs 13.0 GiB, the largest node has 8.0 GiB: choose a smaller model or "
          "quantisation, or enrol a larger node");
    CHECK(check_model_fit("qwen", 13ULL << 30U, {}).has_value());
}

TEST_CASE("a burst passes and then so many a second") {
    RateLimiter limiter({.per_second = 2, .burst = 3});
    Time now{0};
    for (int i = 0; i < 3; ++i) CHECK_FALSE(limiter.take("key", now));
    const auto wait = limiter.take("key", now);
    REQUIRE(wait);
    CHECK(*wait == 500ms);
    CHECK_FALSE(limiter.take("other", now));
    CHECK_FALSE(limiter.take("key", now + *wait));
    CHECK(limiter.take("key", now + *wait));
}

TEST_CASE("a cost above the burst passes from a full bucket and is paid back") {
    RateLimiter limiter({.per_second = 10, .burst = 10});
    CHECK_FALSE(limiter.take("key", Time{0}, 30));
    const auto wait = limiter.take("key", Time{0}, 1);
    REQUIRE(wait);
    CHECK(*wait == 2'100ms);
}

TEST_CASE("full buckets are forgotten") {
    RateLimiter limiter({.per_second = 1, .burst = 1});
    for (int i = 0; i < 100; ++i) CHECK_FALSE(limiter.take(std::to_string(i), Time{0}));
    CHECK(limiter.size() == 100);
    limiter.forget_full(Time{0} + 2s);
    CHECK(limiter.size() == 0);
}

TEST_CASE("a bucket shows what is left and takes corrections, also into debt") {
    RateLimiter limiter({.per_second = 10, .burst = 100});
    CHECK(limiter.view("key", Time{0}).left == 100);
    CHECK(limiter.view("key", Time{0}).full_in == 0s);
    CHECK_FALSE(limiter.take("key", Time{0}, 60));
    CHECK(limiter.view("key", Time{0}).left == 40);
    CHECK(limiter.view("key", Time{0}).full_in == 6s);
    limiter.correct("key", Time{0}, -20);
    CHECK(limiter.view("key", Time{0}).left == 60);
    limiter.correct("key", Time{0}, -500);
    CHECK(limiter.view("key", Time{0}).left == 100);
    limiter.correct("key", Time{0}, 150);
    CHECK(limiter.view("key", Time{0}).left == 0);
    CHECK(limiter.view("key", Time{0}).full_in == 15s);
    CHECK(limiter.view("key", Time{0} + 15s).left == 100);
}
