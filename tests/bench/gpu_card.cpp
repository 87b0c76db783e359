/// Reads a report of gleaner-gpu-bench from standard input and prints its figures as parts of what
/// the card's maker says, and what the catalogue makes of them, as one JSON object.

#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include <boost/json.hpp>

#include "shared/model/bench_report.h"
#include "shared/model/gpu_catalogue.h"

int main() {
    using namespace gleaner;
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    const auto report = parse_bench_report(text);
    if (!report) {
        std::fprintf(stderr, "%s\n", report.error().message().c_str());
        return 1;
    }
    const Judgement judgement = judge(report.value());
    boost::json::object figures{{"bench", "gpu"},
                                {"card", report.value().name},
                                {"verdict", to_string(judgement.verdict)},
                                {"means", sentence_of(judgement).en},
                                {"faults", report.value().faults.size()}};
    const auto put = [&](std::string_view name, double published) {
        const Figure* measured = report.value().find(name);
        if (measured == nullptr) return;
        figures[name] = measured->median;
        figures[std::string(name) + "_unit"] = measured->unit;
        if (published > 0)
            figures[std::string(name) + "_of_published"] = measured->median / published;
    };
    const GpuCard* card = judgement.card;
    put(figure::memory_copy, card != nullptr ? card->memory_gb_per_s : 0);
    put(figure::fp32, card != nullptr ? card->fp32_tflops : 0);
    put(figure::fp16_tensor, card != nullptr ? card->fp16_tensor_tflops : 0);
    put(figure::usable_memory, card != nullptr ? card->memory_gib : 0);
    std::printf("%s\n", boost::json::serialize(figures).c_str());
    return 0;
}
