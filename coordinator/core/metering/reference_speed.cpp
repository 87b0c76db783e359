#include "coordinator/core/metering/reference_speed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "shared/model/gpu_catalogue.h"

namespace gleaner::core {

namespace {

__extension__ using Wide = __int128;

std::int64_t bounded(Wide permille) {
    return static_cast<std::int64_t>(std::clamp<Wide>(permille, 1, permille_max));
}

std::int64_t median_of(std::span<const std::int64_t> values) {
    std::vector<std::int64_t> sorted(values.begin(), values.end());
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
}

}  // namespace

std::optional<std::int64_t> permille_of(const Measure& measure) {
    std::optional<Wide> fp32;
    std::optional<Wide> copy;
    if (measure.fp32_gflops_milli > 0)
        fp32 = Wide{measure.fp32_gflops_milli} * 1'000 / reference_measure.fp32_gflops_milli;
    if (measure.copy_gb_per_s_milli > 0)
        copy = Wide{measure.copy_gb_per_s_milli} * 1'000 / reference_measure.copy_gb_per_s_milli;
    if (!fp32 && !copy) return std::nullopt;
    if (!fp32 || !copy) return bounded(fp32 ? *fp32 : *copy);
    return bounded((*fp32 + *copy) / 2);
}

std::optional<std::int64_t> catalogue_permille(std::string_view name, std::uint64_t memory_bytes) {
    const GpuCard* const card = find_card(name, memory_bytes);
    if (card == nullptr) return std::nullopt;
    constexpr double copy_share = 0.86;  // of the published bandwidth, as for the reference
    Measure measure;
    measure.fp32_gflops_milli = std::llround(card->fp32_tflops * 1e6);
    measure.copy_gb_per_s_milli = std::llround(card->memory_gb_per_s * copy_share * 1e3);
    return permille_of(measure);
}

std::int64_t reference_permille(const SpeedSources& sources) {
    std::int64_t usual = sources.kind == "cpu" ? processor_permille : unknown_card_permille;
    if (const auto known = catalogue_permille(sources.name, sources.memory_bytes)) usual = *known;
    if (sources.others.size() >= others_least) usual = median_of(sources.others);
    return bounded(sources.own ? std::min(*sources.own, usual) : usual);
}

std::int64_t reference_micros(std::int64_t device_micros, std::int64_t permille) {
    if (device_micros <= 0 || permille <= 0) return 0;
    constexpr Wide most = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(Wide{device_micros} * permille / 1'000, most));
}

}  // namespace gleaner::core
