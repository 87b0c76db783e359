#include "client-core/bench/bench_steps.h"

#include <algorithm>

#include "shared/model/bench_report.h"

namespace gleaner {

namespace {

struct Step {
    std::string_view stage;
    const char* en;
    const char* zh;
};

constexpr Step steps[] = {
    {figure::memory_triad, "Measuring computing in memory", "正在测量内存计算带宽"},
    {figure::upload, "Measuring the way to the card", "正在测量到显卡的传输速度"},
    {figure::download, "Measuring the way back from the card", "正在测量从显卡读回的速度"},
    {figure::usable_memory, "Testing the card's memory", "正在检查显存"},
    {"usable_memory_blocks", "Testing the card's memory", "正在检查显存"},
    {figure::fp32, "Measuring FP32 arithmetic", "正在测量 FP32 运算速度"},
    {figure::fp16_tensor, "Measuring FP16 matrix arithmetic", "正在测量 FP16 矩阵运算速度"},
    {figure::bf16_tensor, "Measuring BF16 matrix arithmetic", "正在测量 BF16 矩阵运算速度"},
    {figure::int8, "Measuring INT8 arithmetic", "正在测量 INT8 运算速度"},
    {figure::prompt, "Running a model", "正在试跑模型"},
    {"soak", "Testing under full load", "正在进行满载测试"},
};

double fraction(std::uint32_t done, std::uint32_t of) {
    return of == 0 ? 0 : std::min(1.0, static_cast<double>(done) / of);
}

}  // namespace

Sentence bench_step_sentence(std::string_view stage, bool gpu) {
    if (stage == figure::memory_copy) {
        return gpu ? Sentence{"Measuring the card's memory", "正在测量显存带宽"}
                   : Sentence{"Measuring memory", "正在测量内存带宽"};
    }
    for (const Step& step : steps) {
        if (step.stage == stage) return {step.en, step.zh};
    }
    return {"Measuring", "正在测量"};
}

std::uint32_t BenchSteps::in_hardware(std::uint32_t done, std::uint32_t of) {
    return at(hardware_s_ * fraction(done, of));
}

std::uint32_t BenchSteps::in_soak(std::uint32_t done, std::uint32_t of) {
    return at(hardware_s_ + soak_s_ * fraction(done, of));
}

std::uint32_t BenchSteps::in_engine() {
    return at(hardware_s_ + soak_s_);
}

std::uint32_t BenchSteps::at(double seconds) {
    const double total = hardware_s_ + soak_s_ + engine_s_;
    const double percent = total > 0 ? seconds / total * 100 : 0;
    last_ = std::max(last_, static_cast<std::uint32_t>(std::clamp(percent, 0.0, 99.0)));
    return last_;
}

}  // namespace gleaner
