#include "coordinator/gateway/wrong_tokens.h"

#include <doctest/doctest.h>

using namespace gleaner;
using gateway::WrongTokens;

namespace {
const WrongTokens::Options options{.burst = 3, .refill = 10s, .max_addresses = 4};
}

TEST_CASE("an address may fail a few times at once, then only as fast as the bucket empties") {
    WrongTokens limit(options);
    Time now{0};
    for (int i = 0; i < 3; ++i) {
        CHECK(limit.wait_for("a", now) == Duration::zero());
        limit.note_failure("a", now);
    }
    CHECK(limit.wait_for("a", now) == Duration{10s});
    CHECK(limit.wait_for("a", now + 4s) == Duration{6s});
    CHECK(limit.wait_for("a", now + 10s) == Duration::zero());
    limit.note_failure("a", now + 10s);
    CHECK(limit.wait_for("a", now + 10s) == Duration{10s});
}

TEST_CASE("one address does not pay for another") {
    WrongTokens limit(options);
    for (int i = 0; i < 10; ++i) limit.note_failure("a", Time{0});
    CHECK(limit.wait_for("a", Time{0}) > Duration::zero());
    CHECK(limit.wait_for("b", Time{0}) == Duration::zero());
}

TEST_CASE("failing on while blocked does not lengthen the block beyond the bucket") {
    WrongTokens limit(options);
    for (int i = 0; i < 1'000; ++i) limit.note_failure("a", Time{0});
    CHECK(limit.wait_for("a", Time{0}) == Duration{10s});
}

TEST_CASE("the table is bounded, and the addresses that failed longest ago go first") {
    WrongTokens limit(options);
    for (int i = 0; i < 3; ++i) limit.note_failure("hot", Time{0});
    for (int i = 0; i < 100; ++i) limit.note_failure("cold" + std::to_string(i), Time{0});
    CHECK(limit.size() <= 4);
    CHECK(limit.wait_for("hot", Time{0}) > Duration::zero());
}
