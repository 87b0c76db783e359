#include "shared/util/random.h"

#include <openssl/rand.h>

#include "shared/util/check.h"

namespace gleaner {

namespace {
std::uint64_t rotl(std::uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}
}  // namespace

Random::Random(std::uint64_t seed) {
    for (auto& word : state_) {
        seed += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        word = z ^ (z >> 31);
    }
}

std::uint64_t Random::next() {
    const std::uint64_t result = rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotl(state_[3], 45);
    return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
    GLEANER_CHECK(bound > 0, "the bound of a random number must be positive");
    const std::uint64_t threshold = (0 - bound) % bound;
    while (true) {
        const std::uint64_t r = next();
        if (r >= threshold) return r % bound;
    }
}

double Random::unit() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

void random_bytes(std::span<std::uint8_t> out) {
    const int rc = RAND_bytes(out.data(), static_cast<int>(out.size()));
    GLEANER_CHECK(rc == 1, "the system's random generator failed");
}

std::string random_token(std::string_view prefix, std::size_t length) {
    static constexpr char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    std::string bytes(length, '\0');
    random_bytes({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    std::string token(prefix);
    for (const char byte : bytes) token += alphabet[static_cast<unsigned char>(byte) & 31U];
    return token;
}

std::uint64_t random_seed() {
    std::array<std::uint8_t, 8> bytes{};
    random_bytes(bytes);
    std::uint64_t seed = 0;
    for (const auto byte : bytes) seed = (seed << 8) | byte;
    return seed;
}

}  // namespace gleaner
