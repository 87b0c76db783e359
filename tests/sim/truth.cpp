#include "tests/sim/truth.h"

#include <sstream>

#include "shared/util/random.h"

namespace gleaner::sim {

namespace {
std::uint64_t hash_of(const std::string& text) {
    std::uint64_t hash = 1'469'598'103'934'665'603ULL;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
    return hash;
}
}  // namespace

std::string body_of(const Request& request) {
    return request.kind + " " + request.of + " " + std::to_string(request.number);
}

Request parse_body(const std::string& body) {
    std::istringstream text(body);
    Request request;
    text >> request.kind >> request.of >> request.number;
    return request;
}

Truth truth_of(const Request& request, const SimOptions& options, std::uint32_t device_class) {
    Random random(hash_of(body_of(request)) ^ options.seed);
    Truth truth;
    truth.prompt_tokens = 5 + static_cast<std::uint32_t>(random.below(60));
    if (request.kind == "item") {
        truth.poison = random.chance(options.poison);
        truth.rejected = random.chance(options.rejected);
    }
    if (random.chance(0.5)) {
        truth.answer = std::to_string(random.below(2'000));
        truth.generated_tokens = 4;
        return truth;
    }
    const auto words = 10 + random.below(40);
    for (std::uint64_t i = 0; i < words; ++i) {
        const auto word = random.below(1'000);
        const bool parts = i * 3 > words * 2;  // the last third differs between kinds of devices
        truth.answer += "w" + std::to_string(parts ? word + device_class * 1'000 : word) + " ";
    }
    truth.generated_tokens = static_cast<std::uint32_t>(words * 2);
    return truth;
}

}  // namespace gleaner::sim
