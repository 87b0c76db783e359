#include "shared/model/gpu_catalogue.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace gleaner {

namespace {

constexpr double gibibyte = 1024.0 * 1024.0 * 1024.0;

/// Lower and upper bound of measured ÷ specified.
struct Range {
    double least;
    double most;
};

// A copy reads and writes at 75 to 93 % of the specified bandwidth; memory overclocked by 12 % then
// still stays below 105 %. Below 55 % something throttles, or the memory is not what the name says.
constexpr Range memory_copy_range{0.55, 1.05};
// Cards boost above the published clock by up to a tenth, factory-overclocked ones by a quarter. At
// half of it the card is at its base clock or lower: hot, or starved of power.
constexpr Range fp32_range{0.50, 1.30};
// Laptop chips run at a third of the published clock when built for 35 W.
constexpr Range laptop_fp32_range{0.25, 1.30};
// cuBLASLt reaches 60 to 95 % on square matrices, less where the power limit bites (H100 PCIe).
constexpr Range cublaslt_range{0.30, 1.30};
// The own kernel uses the warp-wide instructions of Turing, which give Hopper and later half of
// their peak or less: it can show a falsified report but hardly a slow card.
constexpr Range wmma_range{0.10, 1.30};
// The driver and error correction keep up to 11 % (T4: 14.6 of 16 GiB).
constexpr Range memory_total_range{0.87, 1.02};
// The desktop and whatever else is on the screen hold some of it, most of all on 4 GiB cards.
constexpr Range usable_range{0.60, 1.001};
// A soak warms the card up: a fifth less than at the start is common, under two thirds is not.
constexpr double soak_least = 0.65;

bool is_one_of(std::string_view word, std::span<const std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_memory_size(std::string_view word) {
    if (word.size() < 3 || !word.ends_with("gb")) return false;
    word.remove_suffix(2);
    return std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_number(std::string_view word) {
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> words_of(std::string_view name) {
    std::vector<std::string> words(1);
    int brackets = 0;
    for (const char c : name) {
        // "(TM)", "(R)", "(RADV NAVI31)"; the signs themselves are not ASCII.
        if (c == '(') ++brackets;
        const bool outside = brackets == 0;
        if (c == ')' && brackets > 0) --brackets;
        const bool kept = outside && static_cast<unsigned char>(c) < 0x80;
        if (outside && (c == ' ' || c == '-' || c == '_' || c == '\t')) {
            words.emplace_back();
        } else if (kept) {
            words.back().push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
        }
    }
    std::erase(words, "");
    return words;
}

std::string rounded(double number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), number < 1000 ? "%.4g" : "%.0f", number);
    return text.data();
}

class Comparison {
public:
    Comparison(const BenchReport& report, const GpuCard& card) : report_(report) {
        judgement_.card = &card;
        judgement_.verdict = Plausibility::plausible;
    }

    void check(std::string_view name, double measured, double specified, Range range,
               std::string_view unit) {
        if (specified <= 0) return;
        const double ratio = measured / specified;
        if (ratio >= range.least && ratio <= range.most) return;
        const bool good = ratio > range.most;
        const std::string is = rounded(measured) + " " + std::string(unit);
        const std::string has = rounded(specified);
        const std::string card(judgement_.card->name);
        const std::string figure(name);
        add(good ? Plausibility::too_good : Plausibility::too_poor, name, measured, specified,
            {figure + " is " + is + ", a " + card + " has " + has + ": " +
                 (good ? "no such card does that; the report is falsified, or of another or a "
                         "modified card"
                       : "the card fails, is throttled, or is not what its name says"),
             figure + " 实测 " + is + "，" + card + " 的标称值是 " + has +
                 (good ? "：这种显卡达不到，报告可能被篡改，或者来自其他或改装的显卡"
                       : "：显卡可能有故障、被降频，或者名不副实")});
    }

    /// A figure of the report; one that is missing leaves the verdict open.
    void check_figure(std::string_view name, double specified, Range range) {
        const Figure* const found = report_.find(name);
        if (found != nullptr) return check(name, found->median, specified, range, found->unit);
        add(Plausibility::unknown, name, 0, specified,
            {std::string(name) + " was not measured: run the benchmark again",
             std::string(name) + " 没有测到：请重新运行跑分"});
    }

    void add(Plausibility verdict, std::string_view name, double measured, double specified,
             Sentence sentence) {
        judgement_.misfits.push_back(
            {verdict, std::string(name), measured, specified, std::move(sentence)});
    }

    [[nodiscard]] Judgement finish() {
        for (const Plausibility worst :
             {Plausibility::unknown, Plausibility::too_poor, Plausibility::too_good}) {
            const bool found =
                std::any_of(judgement_.misfits.begin(), judgement_.misfits.end(),
                            [&](const Misfit& each) { return each.verdict == worst; });
            if (found) judgement_.verdict = worst;
        }
        return std::move(judgement_);
    }

private:
    const BenchReport& report_;
    Judgement judgement_;
};

void check_tensor(Comparison& comparison, const BenchReport& report, const GpuCard& card) {
    // Turing has no BF16, and small cards no tensor units: what was not measured is no misfit.
    for (const std::string_view name : {figure::fp16_tensor, figure::bf16_tensor}) {
        const Figure* const found = report.find(name);
        if (found == nullptr) continue;
        const Range range = found->method == "cublaslt" ? cublaslt_range : wmma_range;
        comparison.check(name, found->median, card.fp16_tensor_tflops, range, found->unit);
    }
}

void check_health(Comparison& comparison, const BenchReport& report) {
    for (const BenchFault& fault : report.faults) {
        const std::string wrong = std::to_string(fault.wrong);
        const std::string checked = std::to_string(fault.checked);
        comparison.add(Plausibility::too_poor, "faults", static_cast<double>(fault.wrong), 0,
                       {fault.figure + ": " + wrong + " of " + checked +
                            " results are wrong; the device computes wrongly and must not work",
                        fault.figure + "：" + checked + " 个结果中有 " + wrong +
                            " 个是错的；这个设备计算出错，不应继续工作"});
    }
    const auto& soak = report.soak;
    if (soak && soak->first > 0 && soak->last < soak->first * soak_least) {
        const std::string seconds = std::to_string(soak->seconds);
        comparison.add(
            Plausibility::too_poor, "soak", soak->last, soak->first,
            {"the speed fell from " + rounded(soak->first) + " to " + rounded(soak->last) +
                 " TFLOPS in " + seconds + " s: the card is too hot or short of power; clean it",
             "满载 " + seconds + " 秒内速度从 " + rounded(soak->first) + " 降到 " +
                 rounded(soak->last) + " TFLOPS：显卡过热或供电不足，请清灰并检查电源"});
    }
}

void check_name(Comparison& comparison, const BenchReport& report, std::string_view announced) {
    if (announced.empty() || report.name == announced) return;
    comparison.add(Plausibility::too_good, "name", 0, 0,
                   {"the report is of a " + report.name + ", but the node offers a " +
                        std::string(announced) + ": it is falsified, or of another device",
                    "报告来自 " + report.name + "，但节点提供的是 " + std::string(announced) +
                        "：报告可能被篡改，或者来自其他设备"});
}

Judgement compare(const BenchReport& report, const GpuCard& card, std::string_view announced) {
    Comparison comparison(report, card);
    check_name(comparison, report, announced);
    const double total = static_cast<double>(report.memory_total_bytes) / gibibyte;
    comparison.check("memory_total", total, card.memory_gib, memory_total_range, "GiB");
    comparison.check_figure(figure::memory_copy, card.memory_gb_per_s, memory_copy_range);
    comparison.check_figure(figure::fp32, card.fp32_tflops,
                            card.laptop ? laptop_fp32_range : fp32_range);
    // Against what the driver says: a wrong total is told once, above.
    comparison.check_figure(figure::usable_memory, total, usable_range);
    check_tensor(comparison, report, card);
    check_health(comparison, report);
    return comparison.finish();
}

}  // namespace

std::string normal_card_name(std::string_view name) {
    constexpr std::string_view makers[] = {"nvidia", "amd", "intel"};
    std::vector<std::string> words = words_of(name);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (is_number(words[i]) && words[i + 1] == "gb") {  // "16 GB"
            words[i].clear();
            words[i + 1].clear();
        }
    }
    std::erase_if(words, [&](const std::string& word) {
        return word.empty() || is_one_of(word, makers) || is_memory_size(word);
    });
    if (words.size() > 1 && words.back() == "graphics") words.pop_back();
    std::string joined;
    for (const std::string& word : words) joined += (joined.empty() ? "" : " ") + word;
    return joined;
}

std::vector<const GpuCard*> find_cards(std::string_view name) {
    const std::string wanted = normal_card_name(name);
    std::vector<const GpuCard*> found;
    for (const GpuCard& card : gpu_cards()) {
        if (!wanted.empty() && normal_card_name(card.name) == wanted) found.push_back(&card);
    }
    return found;
}

const GpuCard* find_card(std::string_view name, std::uint64_t memory_bytes) {
    const double gib = static_cast<double>(memory_bytes) / gibibyte;
    const auto cards = find_cards(name);
    const auto distance = [&](const GpuCard* card) { return std::abs(card->memory_gib - gib); };
    const auto nearest = std::min_element(
        cards.begin(), cards.end(),
        [&](const GpuCard* a, const GpuCard* b) { return distance(a) < distance(b); });
    return nearest == cards.end() ? nullptr : *nearest;
}

std::string_view to_string(Plausibility verdict) {
    switch (verdict) {
        case Plausibility::unknown:
            return "unknown";
        case Plausibility::plausible:
            return "plausible";
        case Plausibility::too_good:
            return "too_good";
        case Plausibility::too_poor:
            return "too_poor";
    }
    return "unknown";
}

Judgement judge(const BenchReport& report, std::string_view announced) {
    std::optional<Judgement> best;
    if (report.kind == "cuda") {
        for (const GpuCard* const card : find_cards(report.name)) {
            Judgement judgement = compare(report, *card, announced);
            // Of several cards under one name the one that the report contradicts least.
            if (!best || judgement.misfits.size() < best->misfits.size()) {
                best = std::move(judgement);
            }
        }
    }
    if (best) return std::move(*best);
    // A device that nobody knows can still be seen to compute wrongly.
    const GpuCard nameless{report.name};
    Comparison health(report, nameless);
    check_name(health, report, announced);
    check_health(health, report);
    Judgement open = health.finish();
    if (open.misfits.empty()) open.verdict = Plausibility::unknown;
    open.card = nullptr;
    return open;
}

Sentence sentence_of(const Judgement& judgement) {
    for (const Misfit& misfit : judgement.misfits) {
        if (misfit.verdict == judgement.verdict) return misfit.sentence;
    }
    if (judgement.card == nullptr) {
        return {"There are no known figures of this device to compare with.",
                "没有这个设备的已知数据可供比较。"};
    }
    const std::string card(judgement.card->name);
    return {"All figures are as they should be for a " + card + ".",
            "各项数据都符合 " + card + " 应有的水平。"};
}

}  // namespace gleaner
