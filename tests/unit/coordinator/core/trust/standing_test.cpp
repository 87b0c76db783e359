#include "coordinator/core/trust/standing.h"

#include <doctest/doctest.h>

using namespace gleaner;
using gleaner::core::Speed;
using gleaner::core::Standing;

TEST_CASE("a stranger has half trust and is neither trusted nor distrusted") {
    const Standing standing;
    CHECK(standing.trust() == doctest::Approx(0.5));
    CHECK_FALSE(standing.trusted());
    CHECK_FALSE(standing.distrusted());
}

TEST_CASE("trust grows with passed checks and never leaves its range") {
    Standing standing;
    double before = standing.trust();
    for (int i = 0; i < 1'000; ++i) {
        standing.check_passed();
        CHECK(standing.trust() >= before);
        CHECK(standing.trust() <= 1);
        before = standing.trust();
    }
    CHECK(standing.trusted());
    for (int i = 0; i < 1'000; ++i) standing.check_failed();
    CHECK(standing.trust() >= 0);
    CHECK(standing.distrusted());
}

TEST_CASE("a stranger who fails its first check is distrusted") {
    Standing standing;
    standing.check_failed();
    CHECK(standing.distrusted());
}

TEST_CASE("a long good record survives one miss but not many") {
    Standing standing;
    for (int i = 0; i < 100; ++i) standing.check_passed();
    standing.check_failed();
    CHECK(standing.trust() > 0.8);
    CHECK_FALSE(standing.trusted());  // until it passes again
    standing.check_passed();
    CHECK(standing.trusted() == (standing.trust() >= 0.9));
    for (int i = 0; i < 4; ++i) standing.check_failed();
    CHECK(standing.distrusted());
}

TEST_CASE("old misses fade as new checks are passed") {
    Standing standing;
    standing.check_failed();
    for (int i = 0; i < 100; ++i) standing.check_passed();
    CHECK(standing.trusted());
}

TEST_CASE("a cheat that lies now and then sinks") {
    Standing standing;
    for (int i = 0; i < 200; ++i) {
        if (i % 5 == 4)
            standing.check_failed();
        else
            standing.check_passed();
    }
    CHECK(standing.trust() < 0.5);
    CHECK(standing.canary_share(0.02) > 0.07);
}

TEST_CASE("those who are trusted less get more canaries") {
    Standing good;
    Standing bad;
    for (int i = 0; i < 50; ++i) good.check_passed();
    bad.check_failed();
    const Standing stranger;
    CHECK(good.canary_share(0.02) < 0.03);
    CHECK(stranger.canary_share(0.02) > good.canary_share(0.02));
    CHECK(bad.canary_share(0.02) > stranger.canary_share(0.02));
    CHECK(bad.canary_share(0.02) <= 0.25);
}

TEST_CASE("the quota halves with each blamed failure down to one") {
    Standing standing;
    const Time now{1'000'000};
    CHECK(standing.quota(now) == 64);
    standing.blamed(now);
    CHECK(standing.quota(now) == 32);
    for (int i = 0; i < 20; ++i) standing.blamed(now);
    CHECK(standing.quota(now) == 1);
}

TEST_CASE("the quota grows by one with each accepted item") {
    Standing standing;
    const Time now{1'000'000};
    standing.blamed(now);
    for (int i = 0; i < 10; ++i) standing.item_accepted();
    CHECK(standing.quota(now) == 42);
}

TEST_CASE("a reduced quota comes back with time, up to the start") {
    Standing standing;
    const Time now{1'000'000};
    for (int i = 0; i < 20; ++i) standing.blamed(now);
    CHECK(standing.quota(now + 100s) == 11);
    CHECK(standing.quota(now + std::chrono::hours(24)) == 64);
}

TEST_CASE("a standing survives writing and reading") {
    Standing standing;
    for (int i = 0; i < 7; ++i) standing.check_passed();
    for (int i = 0; i < 9; ++i) standing.item_accepted();
    standing.speed.observe(1'000, 10s);
    const auto read = Standing::from_json(standing.to_json());
    REQUIRE(read);
    CHECK(read->trust() == doctest::Approx(standing.trust()));
    CHECK(read->quota(Time{0}) == standing.quota(Time{0}));
    CHECK(read->checked());
    CHECK(read->speed.tokens_per_s() == doctest::Approx(standing.speed.tokens_per_s()));
    CHECK(read->speed.observed());
}

TEST_CASE("nonsense is not read as a standing") {
    for (const char* text : {"", "{}", "[]", "null", R"({"good":"x","bad":1,"quota":1})",
                             R"({"good":-1,"bad":1,"quota":1})", R"({"good":0,"bad":0,"quota":1})"})
        CHECK_FALSE(Standing::from_json(text));
}

TEST_CASE("a claim counts half and only before anything was seen") {
    Speed speed;
    speed.claim(200);
    CHECK(speed.tokens_per_s() == doctest::Approx(100));
    CHECK_FALSE(speed.observed());
    for (int i = 0; i < 100; ++i) speed.observe(10, 1s);
    const double seen = speed.tokens_per_s();
    CHECK(seen == doctest::Approx(10).epsilon(0.2));
    speed.claim(1e9);
    CHECK(speed.tokens_per_s() == doctest::Approx(seen));
}

TEST_CASE("a later claim never raises an earlier one") {
    Speed speed;
    speed.claim(100);
    speed.claim(10'000);
    CHECK(speed.tokens_per_s() == doctest::Approx(50));
    speed.claim(20);
    CHECK(speed.tokens_per_s() == doctest::Approx(10));
}

TEST_CASE("the speed follows what is observed and forgets what was") {
    Speed speed;
    for (int i = 0; i < 300; ++i) speed.observe(100, 1s);
    CHECK(speed.tokens_per_s() == doctest::Approx(100).epsilon(0.05));
    for (int i = 0; i < 300; ++i) speed.observe(20, 1s);
    CHECK(speed.tokens_per_s() == doctest::Approx(20).epsilon(0.05));
}

TEST_CASE("a first burst of results does not make a node infinitely fast") {
    Speed speed;
    speed.claim(100);
    for (int i = 0; i < 8; ++i) speed.observe(64, 10us);
    CHECK(speed.tokens_per_s() < 1'000);
    CHECK_FALSE(speed.observed());
}

TEST_CASE("nonsense claims are ignored") {
    Speed speed;
    const double before = speed.tokens_per_s();
    speed.claim(-5);
    speed.claim(0);
    speed.claim(1.0 / 0.0);
    CHECK(speed.tokens_per_s() == doctest::Approx(before));
}
