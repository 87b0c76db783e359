#pragma once
/// The one truth about requests in the simulated world: what an honest engine answers, how many
/// tokens that takes, and what goes wrong with it. A request's body is "<kind> <job or model>
/// <number>".

#include <cstdint>
#include <string>

#include "tests/sim/sim_options.h"

namespace gleaner::sim {

struct Request {
    std::string kind;  ///< "item", "canary", "stream"
    std::string of;    ///< job or model
    std::uint32_t number = 0;
};

[[nodiscard]] std::string body_of(const Request& request);
[[nodiscard]] Request parse_body(const std::string& body);

struct Truth {
    bool poison = false;    ///< crashes any engine
    bool rejected = false;  ///< refused by any engine
    std::uint32_t prompt_tokens = 0;
    std::uint32_t generated_tokens = 0;
    std::string answer;  ///< as a device of class 0 gives it
};

/// `device_class`: honest devices part in the last words of long answers.
[[nodiscard]] Truth truth_of(const Request& request, const SimOptions& options,
                             std::uint32_t device_class);

}  // namespace gleaner::sim
