#include <array>

#include <doctest/doctest.h>

#include "coordinator/core/admission/job_hold.h"
#include "coordinator/core/admission/model_fit.h"
#include "coordinator/core/admission/rate_limiter.h"

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

TEST_CASE("a job's hold is the sum of its requests', times the replicas") {
    const TokenPrice price{1'000'000, 2'000'000};
    const RequestBound request{.prompt_bytes = 36, .max_tokens = 50};
    CHECK(request_hold(request, 4'096, price) == Money{200});
    JobHold hold(4'096, price, 2);
    for (int i = 0; i < 10; ++i) hold.add(request);
    CHECK(hold.total() == Money{4'000});
}

TEST_CASE("a hold saturates instead of overflowing") {
    JobHold hold(0, {1'000'000'000'000, 1'000'000'000'000}, 100);
    for (int i = 0; i < 10; ++i)
        hold.add({.prompt_bytes = 1ULL << 62U, .max_tokens = 4'000'000'000});
    CHECK(hold.total().micros > 0);
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
