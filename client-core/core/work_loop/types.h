#pragma once
/// Words of the work loop. Plain values.

#include <cstdint>
#include <string>

#include "shared/model/ids.h"
#include "shared/util/clock.h"

namespace gleaner::work {

/// Which of the engine's routes a request is for.
enum class Endpoint : std::uint8_t { chat_completions, completions, embeddings };

/// Why work failed. The numbers are those of the wire's Failure.Code.
enum class FailureCode : std::uint8_t {
    none = 0,
    request_rejected = 1,
    engine_crashed = 2,
    out_of_memory = 3,
    timed_out = 4,
    reclaimed = 5,
    artefact_corrupt = 6,
    artefact_unavailable = 7,
    disk_full = 8,
    sandbox_unsafe = 9,
    unsupported = 10,
    cancelled = 11,
};

/// How long the machine will probably stay free. The numbers are those of the wire.
enum class IdleForecast : std::uint8_t {
    unknown = 0,
    under_10_min = 1,
    under_30_min = 2,
    under_2_h = 3,
    under_8_h = 4,
    longer = 5,
};

struct Failure {
    FailureCode code = FailureCode::none;
    std::string message;
    std::uint32_t http_status = 0;  ///< the engine's, for request_rejected
    std::string body;               ///< the engine's error object, JSON

    friend bool operator==(const Failure&, const Failure&) = default;
};

/// How one request ended.
struct Outcome {
    std::string body;  ///< the engine's reply; empty when failed or streamed
    Failure failure;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t generated_tokens = 0;
    std::uint64_t device_micros = 0;  ///< filled in by the work loop

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// One request in the engine; unique in this process. A request that is put back and started anew
/// gets a new number, so that the end of the first try is never taken for the second's.
using RunId = NamedType<std::uint64_t, struct RunTag>;

}  // namespace gleaner::work
