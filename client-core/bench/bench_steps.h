#pragma once
/// How far a benchmark is: its parts, weighed by the time that they usually take, and what each is
/// called. Pure.

#include <cstdint>
#include <string_view>

#include "shared/model/sentence.h"

namespace gleaner {

/// What is being measured, for the person. `stage`: a figure's name, "soak" or one that
/// gleaner-gpu-bench tells; unknown ones are called by a general word.
[[nodiscard]] Sentence bench_step_sentence(std::string_view stage, bool gpu);

class BenchSteps {
public:
    BenchSteps(double hardware_s, double soak_s, double engine_s)
        : hardware_s_(hardware_s), soak_s_(soak_s), engine_s_(engine_s) {}

    /// Whole percent after `done` of `of` within a part; between 0 and 99, and never less than
    /// before.
    [[nodiscard]] std::uint32_t in_hardware(std::uint32_t done, std::uint32_t of);
    [[nodiscard]] std::uint32_t in_soak(std::uint32_t done, std::uint32_t of);
    [[nodiscard]] std::uint32_t in_engine();

private:
    [[nodiscard]] std::uint32_t at(double seconds);
    double hardware_s_;
    double soak_s_;
    double engine_s_;
    std::uint32_t last_ = 0;
};

}  // namespace gleaner
