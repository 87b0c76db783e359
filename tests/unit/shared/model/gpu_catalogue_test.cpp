#include "shared/model/gpu_catalogue.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

/// What a healthy card of this kind measures.
BenchReport healthy(const std::string& name, const GpuCard& card) {
    BenchReport report;
    report.kind = "cuda";
    report.name = name;
    report.memory_total_bytes = static_cast<std::uint64_t>(card.memory_gib * gib * 0.98);
    report.figures = {{"memory_copy", "GB/s", "memcpy", card.memory_gb_per_s * 0.88, 1, 9},
                      {"fp32", "TFLOPS", "fma", card.fp32_tflops * 1.02, 0.1, 9},
                      {"usable_memory", "GiB", "pattern", card.memory_gib * 0.93, 0, 1}};
    if (card.fp16_tensor_tflops > 0) {
        report.figures.push_back(
            {"fp16_tensor", "TFLOPS", "cublaslt", card.fp16_tensor_tflops * 0.85, 1, 9});
    }
    return report;
}

void set_figure(BenchReport& report, std::string_view name, double median) {
    for (Figure& figure : report.figures) {
        if (figure.name == name) figure.median = median;
    }
}

TEST_CASE("names are compared without maker, signs, brackets, case and memory size") {
    CHECK(normal_card_name("NVIDIA GeForce RTX 4060 Ti 16GB") == "geforce rtx 4060 ti");
    CHECK(normal_card_name("NVIDIA GeForce RTX 4060 Ti 16 GB") == "geforce rtx 4060 ti");
    CHECK(normal_card_name("nvidia  geforce rtx 4060 TI") == "geforce rtx 4060 ti");
    CHECK(normal_card_name("NVIDIA A100-SXM4-80GB") == "a100 sxm4");
    CHECK(normal_card_name("Intel(R) Arc(TM) A770 Graphics") == "arc a770");
    CHECK(normal_card_name("AMD Radeon RX 7900 XTX (RADV NAVI31)") == "radeon rx 7900 xtx");
    CHECK(normal_card_name("Intel® Arc™ B580 Graphics") == "arc b580");
    CHECK(normal_card_name("NVIDIA Graphics") == "graphics");
    CHECK(normal_card_name("").empty());
}

TEST_CASE("a name is found exactly or not at all") {
    REQUIRE(find_card("NVIDIA A10", 24ULL << 30) != nullptr);
    CHECK(find_card("NVIDIA A10", 24ULL << 30)->name == "A10");
    CHECK(find_cards("NVIDIA A1").empty());
    CHECK(find_cards("NVIDIA GeForce RTX").empty());
    CHECK(find_cards("").empty());
    CHECK(find_cards("NVIDIA GeForce RTX 4060 Laptop GPU").front()->laptop);
    CHECK_FALSE(find_cards("NVIDIA GeForce RTX 4060").front()->laptop);
}

TEST_CASE("cards under one name are told apart by their memory") {
    const auto memory = [](const char* name, std::uint64_t bytes) {
        const GpuCard* const card = find_card(name, bytes);
        REQUIRE(card != nullptr);
        return card->memory_gib;
    };
    CHECK(memory("NVIDIA GeForce RTX 3080", 10'502'012'928) == 10);
    CHECK(memory("NVIDIA GeForce RTX 3080", 12'622'168'064) == 12);
    CHECK(memory("NVIDIA A100-PCIE-40GB", 42'286'186'496) == 40);
    CHECK(memory("NVIDIA A100 80GB PCIe", 84'974'239'744) == 80);
}

TEST_CASE("every card of the table is possible, and found under its own name") {
    std::set<std::string> rows;
    for (const GpuCard& card : gpu_cards()) {
        CAPTURE(card.name);
        CHECK(card.memory_gib >= 4);
        CHECK(card.memory_gib <= 141);
        // The slowest and the fastest memory of the time, and one operation a byte at least.
        CHECK(card.memory_gb_per_s >= 90);
        CHECK(card.memory_gb_per_s <= 5000);
        CHECK(card.fp32_tflops > 1.5);
        CHECK(card.fp32_tflops < 130);
        const double ratio = card.fp16_tensor_tflops / card.fp32_tflops;
        CHECK((card.fp16_tensor_tflops == 0 || (ratio > 1.9 && ratio < 17)));
        CHECK(card.board_watts >= 50);
        CHECK(card.board_watts <= 700);
        CHECK_FALSE(find_cards(card.name).empty());
        const std::string row = normal_card_name(card.name) + "/" +
                                std::to_string(card.memory_gib) + "/" +
                                std::to_string(card.memory_gb_per_s);
        CHECK(rows.insert(row).second);  // no card twice
        const std::string laptop = "Laptop GPU";
        if (std::string(card.name).find(laptop) != std::string::npos) CHECK(card.laptop);
    }
    CHECK(rows.size() > 140);
}

TEST_CASE("healthy cards of every kind are plausible under their own names") {
    for (const GpuCard& card : gpu_cards()) {
        CAPTURE(card.name);
        const Judgement judgement = judge(healthy("NVIDIA " + std::string(card.name), card));
        CHECK(judgement.verdict == Plausibility::plausible);
        REQUIRE(judgement.card != nullptr);
        CHECK(judgement.card->memory_gib == card.memory_gib);
    }
}

TEST_CASE("a slow card that says it is a fast one is found out by each figure") {
    const GpuCard& slow = *find_card("GeForce RTX 3060", 12ULL << 30);
    BenchReport report = healthy("NVIDIA GeForce RTX 4090", slow);
    const Judgement judgement = judge(report);
    CHECK(judgement.verdict == Plausibility::too_poor);
    CHECK(judgement.misfits.size() >= 3);
}

TEST_CASE(
    "a fast card's figures under a slow one's name are too good, and the sentence says which") {
    const GpuCard& card = *find_card("GeForce RTX 4060", 8ULL << 30);
    BenchReport report = healthy("NVIDIA GeForce RTX 4060", card);
    set_figure(report, "memory_copy", 900);
    const Judgement judgement = judge(report);
    CHECK(judgement.verdict == Plausibility::too_good);
    REQUIRE(judgement.misfits.size() == 1);
    CHECK(judgement.misfits[0].figure == "memory_copy");
    CHECK(judgement.misfits[0].specified == 272);
    CHECK(judgement.misfits[0].sentence.en.find("memory_copy is 900 GB/s") == 0);
    CHECK(judgement.misfits[0].sentence.en.find("GeForce RTX 4060 has 272") != std::string::npos);
}

TEST_CASE("a lie weighs more than a weakness") {
    const GpuCard& card = *find_card("GeForce RTX 4060", 8ULL << 30);
    BenchReport report = healthy("NVIDIA GeForce RTX 4060", card);
    set_figure(report, "memory_copy", 900);
    set_figure(report, "fp32", 1);
    CHECK(judge(report).verdict == Plausibility::too_good);
    CHECK(judge(report).misfits.size() == 2);
}

TEST_CASE("the bounds lie where the table of ranges says") {
    const GpuCard& card = *find_card("GeForce RTX 4090", 24ULL << 30);
    const auto verdict_at = [&](const char* figure, double value) {
        BenchReport report = healthy("NVIDIA GeForce RTX 4090", card);
        set_figure(report, figure, value);
        return judge(report).verdict;
    };
    CHECK(verdict_at("memory_copy", 1008 * 0.56) == Plausibility::plausible);
    CHECK(verdict_at("memory_copy", 1008 * 0.54) == Plausibility::too_poor);
    CHECK(verdict_at("memory_copy", 1008 * 1.04) == Plausibility::plausible);
    CHECK(verdict_at("memory_copy", 1008 * 1.06) == Plausibility::too_good);
    CHECK(verdict_at("fp32", 82.58 * 0.49) == Plausibility::too_poor);
    CHECK(verdict_at("fp32", 82.58 * 1.31) == Plausibility::too_good);
    CHECK(verdict_at("fp16_tensor", 165.2 * 0.29) == Plausibility::too_poor);
    CHECK(verdict_at("usable_memory", 12) == Plausibility::too_poor);
    CHECK(verdict_at("usable_memory", 30) == Plausibility::too_good);
}

TEST_CASE("the own kernel's tensor figure may be lower than cuBLASLt's") {
    const GpuCard& card = *find_card("NVIDIA H100 80GB HBM3", 80ULL << 30);
    BenchReport report = healthy("NVIDIA H100 80GB HBM3", card);
    set_figure(report, "fp16_tensor", 989 * 0.2);
    CHECK(judge(report).verdict == Plausibility::too_poor);
    report.figures.back().method = "wmma";
    CHECK(judge(report).verdict == Plausibility::plausible);
}

TEST_CASE("memory beyond the card's shows another or a modified card") {
    const GpuCard& card = *find_card("GeForce RTX 2080 Ti", 11ULL << 30);
    BenchReport report = healthy("NVIDIA GeForce RTX 2080 Ti", card);
    report.memory_total_bytes = 22ULL << 30;
    set_figure(report, "usable_memory", 21);
    const Judgement judgement = judge(report);
    CHECK(judgement.verdict == Plausibility::too_good);
    CHECK(judgement.misfits[0].figure == "memory_total");
}

TEST_CASE("a report that leaves figures out is not believed, nor called a lie") {
    const GpuCard& card = *find_card("GeForce RTX 4060", 8ULL << 30);
    BenchReport report = healthy("NVIDIA GeForce RTX 4060", card);
    report.figures.erase(report.figures.begin());
    const Judgement judgement = judge(report);
    CHECK(judgement.verdict == Plausibility::unknown);
    CHECK(judgement.misfits[0].sentence.en.find("memory_copy was not measured") == 0);
}

TEST_CASE("wrong results and a soak that slows down are noticed, also on unknown cards") {
    const GpuCard& card = *find_card("GeForce RTX 4060", 8ULL << 30);
    BenchReport report = healthy("NVIDIA GeForce RTX 4060", card);
    report.soak = SoakResult{600, 1000, 30, 28};
    CHECK(judge(report).verdict == Plausibility::plausible);
    report.soak = SoakResult{600, 1000, 30, 15};
    CHECK(judge(report).verdict == Plausibility::too_poor);
    report.soak.reset();
    report.faults = {{"fp32", 64, 3, ""}};
    CHECK(judge(report).verdict == Plausibility::too_poor);
    CHECK(judge(report).misfits[0].sentence.en.find("3 of 64 results are wrong") !=
          std::string::npos);
    report.name = "NVIDIA GeForce RTX 9999";
    CHECK(judge(report).verdict == Plausibility::too_poor);
    report.faults.clear();
    CHECK(judge(report).verdict == Plausibility::unknown);
    CHECK(judge(report).card == nullptr);
}

TEST_CASE("a processor's report is not compared with cards") {
    BenchReport report;
    report.kind = "cpu";
    report.name = "A10";
    CHECK(judge(report).verdict == Plausibility::unknown);
    CHECK(judge(report).misfits.empty());
    CHECK(sentence_of(judge(report)).en.find("no known figures") != std::string::npos);
}

TEST_CASE("a processor that computes wrongly is noticed all the same") {
    BenchReport report;
    report.kind = "cpu";
    report.name = "EPYC";
    report.faults = {{"int8", 96, 1, ""}};
    CHECK(judge(report).verdict == Plausibility::too_poor);
    CHECK(sentence_of(judge(report)).en.find("1 of 96") != std::string::npos);
    CHECK(sentence_of(judge(report)).zh.find("96 个结果中有 1 个") != std::string::npos);
}

TEST_CASE("a report must be of the device that the node offers") {
    const GpuCard& card = *find_card("GeForce RTX 4060", 8ULL << 30);
    const BenchReport report = healthy("NVIDIA GeForce RTX 4060", card);
    CHECK(judge(report, "NVIDIA GeForce RTX 4060").verdict == Plausibility::plausible);
    const Judgement other = judge(report, "NVIDIA GeForce RTX 5090");
    CHECK(other.verdict == Plausibility::too_good);
    CHECK(sentence_of(other).en.find("RTX 5090") != std::string::npos);
    BenchReport unknown;
    unknown.kind = "vulkan";
    unknown.name = "Some GPU";
    CHECK(judge(unknown, "Some GPU").verdict == Plausibility::unknown);
    CHECK(judge(unknown, "Another GPU").verdict == Plausibility::too_good);
}

TEST_CASE("the sentence tells what decided the verdict, not what came first") {
    const GpuCard& card = *find_card("GeForce RTX 4060", 8ULL << 30);
    BenchReport report = healthy("NVIDIA GeForce RTX 4060", card);
    CHECK(sentence_of(judge(report)).en ==
          "All figures are as they should be for a GeForce RTX 4060.");
    set_figure(report, "memory_copy", 10);
    set_figure(report, "fp32", 900);
    CHECK(sentence_of(judge(report)).en.find("fp32 is 900 TFLOPS") == 0);
    CHECK(sentence_of(judge(report)).zh.find("fp32 实测 900 TFLOPS") == 0);
}

}  // namespace
}  // namespace gleaner
