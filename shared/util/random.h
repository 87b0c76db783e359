#pragma once
/// Two sources of randomness: Random (seeded, reproducible, for decisions) and random_bytes
/// (the operating system's, for secrets). Own distributions: the standard's differ by library.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gleaner {

/// xoshiro256** 1.0 (Blackman, Vigna 2018), seeded by splitmix64. Not for secrets.
class Random {
public:
    explicit Random(std::uint64_t seed);
    [[nodiscard]] std::uint64_t next();
    /// Uniform in [0, bound); bound > 0. Unbiased (Lemire's rejection).
    [[nodiscard]] std::uint64_t below(std::uint64_t bound);
    /// Uniform in [0, 1) with 53 bits.
    [[nodiscard]] double unit();
    /// True with probability p.
    [[nodiscard]] bool chance(double p) { return unit() < p; }

private:
    std::array<std::uint64_t, 4> state_{};
};

/// Fills `out` from the operating system's generator; aborts if that fails. Thread-safe.
void random_bytes(std::span<std::uint8_t> out);

/// `prefix` + `length` characters of Crockford base32 in lower case (5 bits each) from
/// random_bytes.
[[nodiscard]] std::string random_token(std::string_view prefix, std::size_t length);

/// A 64-bit seed from random_bytes.
[[nodiscard]] std::uint64_t random_seed();

}  // namespace gleaner
