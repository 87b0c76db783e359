#pragma once
/// What a device gives in a second, in thousandths of what a reference device gives: so that the
/// owner of a slow card and of a fast one can be compared, and paid alike for what they give.
/// Reference time = device time × this. It compares owners' pay per unit given and divides what
/// reserved capacity brings; tokens are paid per token, whoever makes them. Pure; integers only.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gleaner::core {

/// What a benchmark measured of a device, in thousandths of the unit.
struct Measure {
    std::int64_t fp32_gflops_milli = 0;
    std::int64_t copy_gb_per_s_milli = 0;  ///< 0: not measured
    friend bool operator==(const Measure&, const Measure&) = default;
};

/// What a reference device measures: a GeForce RTX 3060 of 12 GiB, of the cards in China's cafés
/// the most usual. Its maker says 12.74 TFLOPS and 360 GB/s, of which copies reach 86 %.
inline constexpr Measure reference_measure{12'740'000, 310'000};

/// A processor of which nothing more is known.
inline constexpr std::int64_t processor_permille = 50;
/// A graphics card of which nothing more is known: less than any card that is worth offering.
inline constexpr std::int64_t unknown_card_permille = 250;
/// Nothing counts for more than that; three times the fastest card of today.
inline constexpr std::int64_t permille_max = 30'000;
/// So many other owners' devices of one name say what such a device does.
inline constexpr std::size_t others_least = 3;

/// The mean of both figures against the reference's: prompts are read at the speed of arithmetic,
/// answers are written at the speed of memory. One alone where the other was not measured. At least
/// 1, at most permille_max; nothing without any figure.
[[nodiscard]] std::optional<std::int64_t> permille_of(const Measure& measure);

/// A card as its maker describes it; nothing for a name that the catalogue does not have.
[[nodiscard]] std::optional<std::int64_t> catalogue_permille(std::string_view name,
                                                             std::uint64_t memory_bytes);

struct SpeedSources {
    std::string_view kind;  ///< "cpu", "cuda", …
    std::string_view name;
    std::uint64_t memory_bytes = 0;
    std::optional<std::int64_t> own;       ///< by its own report, when that can be true
    std::span<const std::int64_t> others;  ///< of this name with other owners, in any order
};

/// A device counts for what such devices do: the median of others of its name, else what the
/// catalogue says, else the constant of its kind. Its own report can only lower that, so that an
/// inflated one gains nothing; that of a throttled card counts for what it is.
[[nodiscard]] std::int64_t reference_permille(const SpeedSources& sources);

/// Saturates. Negative time is none.
[[nodiscard]] std::int64_t reference_micros(std::int64_t device_micros, std::int64_t permille);

}  // namespace gleaner::core
