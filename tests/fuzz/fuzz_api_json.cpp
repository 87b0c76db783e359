/// Requests of customers: bodies of the three endpoints and lines of batch files. What is accepted
/// must be JSON that names no stranger's model.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <boost/json.hpp>

#include "coordinator/openai/batch_line.h"
#include "coordinator/openai/request.h"

using namespace gleaner::openai;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    static const ModelFacts known{"m", 4096, false};
    static const ModelFacts embedding{"e", 512, true};
    const ModelLookup models = [](std::string_view name) -> const ModelFacts* {
        if (name == known.name) return &known;
        return name == embedding.name ? &embedding : nullptr;
    };
    // The first byte chooses endpoint and form, so that one corpus serves all.
    const auto endpoint = static_cast<Endpoint>(bytes[0] % 3);
    if ((bytes[0] / 3) % 2 == 1) {
        (void)parse_batch_line(text, endpoint, {});
        return 0;
    }
    RequestPolicy policy;
    policy.may_stream = (bytes[0] / 6) % 2 == 0;
    const auto request = check_request(endpoint, text, models, policy);
    if (!request) {
        if (request.error().status() < 400 || request.error().body().empty()) std::abort();
        return 0;
    }
    if (models(request.value().model) == nullptr) std::abort();
    if (request.value().stream && !policy.may_stream) std::abort();
    boost::system::error_code failed;
    const auto engine = boost::json::parse(request.value().body, failed);
    if (failed || !engine.is_object()) std::abort();
    return 0;
}
