#include "client-core/bench/cuda/values.h"

#include <cmath>
#include <cstring>
#include <set>

#include <doctest/doctest.h>

namespace gleaner::cuda {
namespace {

TEST_CASE("the FP32 chain returns after two steps, and a flipped bit stays to the end") {
    for (std::uint32_t thread = 0; thread < 1000; ++thread) {
        const float begin = chain_begin(thread, thread % chain_lanes);
        REQUIRE(begin >= 1.0F);
        REQUIRE(begin < 2.0F);
        float x = begin;
        for (int step = 0; step < 64; ++step) x = std::fma(x, chain_factor, chain_addend);
        REQUIRE(x == begin);
        // The lowest bit of it, wrong once.
        std::uint32_t bits = 0;
        std::memcpy(&bits, &begin, sizeof bits);
        bits ^= 1;
        std::memcpy(&x, &bits, sizeof x);
        for (int step = 0; step < 64; ++step) x = std::fma(x, chain_factor, chain_addend);
        REQUIRE(x != begin);
    }
    CHECK(chain_begin(0, 1) != chain_begin(1, 0));
}

TEST_CASE("no two places of memory hold the same word, and another seed changes all") {
    std::set<std::uint64_t> words;
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        // Places that a card with less memory than it says would mix up are powers of two apart.
        words.insert(pattern_word(i, 13));
        words.insert(pattern_word(i + (1ULL << 30), 13));
        REQUIRE(pattern_word(i, 13) != pattern_word(i, 17));
    }
    CHECK(words.size() == 200'000);
}

TEST_CASE("matrix values use the whole of −2 … 2, and matrices differ") {
    int counts[5] = {};
    int same = 0;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        const int value = matrix_value(1, i);
        REQUIRE(value >= -2);
        REQUIRE(value <= 2);
        ++counts[value + 2];
        if (value == matrix_value(2, i)) ++same;
    }
    for (const int count : counts) CHECK(std::abs(count - 2000) < 200);
    CHECK(std::abs(same - 2000) < 200);
}

}  // namespace
}  // namespace gleaner::cuda
