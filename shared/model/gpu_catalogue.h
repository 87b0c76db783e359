#pragma once
/// Known graphics cards and what their makers say of them, and whether a benchmark report can be of
/// the card that it names. Used by the node (to warn its owner) and by the coordinator (to notice a
/// falsified report or a failing card). A table, no more: prices and trust are elsewhere. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/bench_report.h"
#include "shared/model/sentence.h"

namespace gleaner {

/// A card as published. FP32 is at the published boost clock (of laptops: the highest that a laptop
/// may be built with); tensor is dense FP16 with FP32 accumulation, which GeForce cards do at half
/// the rate of FP16 accumulation; 0 = no matrix units.
struct GpuCard {
    std::string_view name;  ///< as the driver says, without the maker
    std::uint32_t memory_gib = 0;
    double memory_gb_per_s = 0;
    double fp32_tflops = 0;
    double fp16_tensor_tflops = 0;
    std::uint32_t board_watts = 0;
    bool laptop =
        false;  ///< its power limit, and so its speed, differs from one laptop to the next
};

[[nodiscard]] std::span<const GpuCard> gpu_cards();

/// What is compared: lower case, without maker, trademark signs, text in brackets, the word
/// "graphics" at the end, and memory sizes. "NVIDIA GeForce RTX 4060 Ti 16GB" → "geforce rtx 4060
/// ti"; "NVIDIA A100-SXM4-80GB" → "a100 sxm4".
[[nodiscard]] std::string normal_card_name(std::string_view name);

/// All cards of exactly this name: makers sell different ones under one (RTX 3080 with 10 and with
/// 12 GiB). Empty: unknown. Pointers are good for ever.
[[nodiscard]] std::vector<const GpuCard*> find_cards(std::string_view name);

/// The one of them whose memory is nearest; null: unknown. `memory_bytes` as the driver says.
[[nodiscard]] const GpuCard* find_card(std::string_view name, std::uint64_t memory_bytes);

enum class Plausibility : std::uint8_t {
    unknown,    ///< the card is not in the table, or the report lacks what could be compared
    plausible,  ///< every figure is in the range of such a card
    too_good,   ///< no such card can do this: falsified, another card, or a modified one
    too_poor,   ///< failing, throttled, badly cooled, or not the card that it says
};
[[nodiscard]] std::string_view to_string(Plausibility verdict);

/// One figure that does not fit.
struct Misfit {
    Plausibility verdict = Plausibility::unknown;
    std::string figure;  ///< of bench_report.h, or "name", "memory_total", "faults", "soak"
    double measured = 0;
    double specified = 0;
    Sentence sentence;  ///< with numbers and what it may mean
};

struct Judgement {
    /// too_good if any figure is (a lie weighs more than a slow fan), then too_poor, then unknown.
    Plausibility verdict = Plausibility::unknown;
    const GpuCard* card = nullptr;  ///< what it was compared with
    std::vector<Misfit> misfits;
};

/// Compares with the variant of the named card that fits best; what is no NVIDIA card is looked at
/// for wrong results only. `announced`: the name under which the node offers this device, which a
/// report must bear too; empty: not known.
[[nodiscard]] Judgement judge(const BenchReport& report, std::string_view announced = {});

/// The verdict in a sentence or two, for owner and operator: the worst misfit, or what it was
/// compared with.
[[nodiscard]] Sentence sentence_of(const Judgement& judgement);

}  // namespace gleaner
