/// SHA-256 of artefacts on one core, beside OpenSSL's digest alone. Usage: hashing [PAIRS]. The
/// last line is one JSON object.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <openssl/evp.h>

#include "shared/artefact/chunk_list.h"
#include "shared/artefact/sha256.h"
#include "shared/util/check.h"
#include "shared/util/clock.h"
#include "shared/util/random.h"

namespace {

using namespace gleaner;

constexpr std::size_t rounds = 64;  // of one chunk: 256 MiB

template <class Hash>
double gigabytes_per_s(const std::string& chunk, Hash hash) {
    const SystemClock clock;
    const Time before = clock.now();
    for (std::size_t i = 0; i < rounds; ++i) hash(chunk);
    const Duration took = clock.now() - before;
    return static_cast<double>(chunk.size() * rounds) / static_cast<double>(took.count()) / 1e3;
}

void hash_ours(const std::string& chunk) {
    GLEANER_CHECK(!hash_bytes(chunk).get().empty(), "a hash");
}

void hash_bare(const std::string& chunk) {
    std::array<unsigned char, 32> digest{};
    unsigned size = 0;
    GLEANER_CHECK(
        EVP_Digest(chunk.data(), chunk.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1,
        "OpenSSL's digest");
}

bool has_sha_instructions() {
    std::ifstream cpus("/proc/cpuinfo");
    std::string line;
    while (std::getline(cpus, line)) {
        if (line.find(" sha_ni") != std::string::npos) return true;
        if (line.find(" sha2") != std::string::npos) return true;  // as Arm calls it
    }
    return false;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const int pairs = argc > 1 ? std::atoi(argv[1]) : 9;
    std::string chunk(chunk_size_bytes, '\0');
    Random random(7);
    for (char& byte : chunk) byte = static_cast<char>(random.next());
    std::vector<double> ours;
    std::vector<double> ratio;
    for (int pair = 0; pair < pairs; ++pair) {
        const bool ours_first = pair % 2 == 0;
        double mine = ours_first ? gigabytes_per_s(chunk, hash_ours) : 0;
        const double bare = gigabytes_per_s(chunk, hash_bare);
        if (!ours_first) mine = gigabytes_per_s(chunk, hash_ours);
        ours.push_back(mine);
        ratio.push_back(mine / bare);
    }
    const boost::json::object figures{{"bench", "hashing"},
                                      {"pairs", pairs},
                                      {"sha_instructions", has_sha_instructions()},
                                      {"gigabytes_per_s", median(ours)},
                                      {"ratio_to_openssl", median(ratio)}};
    std::printf("%s\n", boost::json::serialize(figures).c_str());
    return 0;
}
