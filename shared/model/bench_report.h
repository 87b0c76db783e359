#pragma once
/// What a device can do, as one run of a benchmark measured it: the value that the node keeps,
/// signs (shared/tls/signed_report.h) and sends, and that gpu_catalogue.h compares with the card's
/// known figures. JSON is its only outside form. Pure; any thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

/// The form of the JSON. A reader refuses a later one.
inline constexpr std::uint32_t bench_report_version = 1;

/// Names of figures. All are "more is better". GB are 10^9 bytes, as makers of cards count.
namespace figure {
/// Device memory to itself (CPU: STREAM copy); each byte counts twice, read and written.
inline constexpr std::string_view memory_copy = "memory_copy";
inline constexpr std::string_view memory_triad = "memory_triad";  ///< CPU: a = b + s·c
inline constexpr std::string_view fp32 = "fp32";                  ///< fused multiply-adds, as two
inline constexpr std::string_view fp16_tensor = "fp16_tensor";    ///< accumulated in FP32
inline constexpr std::string_view bf16_tensor = "bf16_tensor";    ///< accumulated in FP32
inline constexpr std::string_view int8 = "int8";                  ///< accumulated in INT32
inline constexpr std::string_view upload = "upload";              ///< pinned host memory to device
inline constexpr std::string_view download = "download";
inline constexpr std::string_view usable_memory =
    "usable_memory";  ///< written, and read back right
/// By the engine with the model that `model` names, one sequence at a time.
inline constexpr std::string_view prompt = "prompt";
inline constexpr std::string_view generation = "generation";
}  // namespace figure

struct Figure {
    std::string name;
    std::string unit;    ///< "GB/s", "TFLOPS", "GFLOPS", "TOPS", "GiB", "tokens/s"
    std::string method;  ///< what measured it: "cublaslt", "wmma", "fma", "avx2", "llama-bench", …
    double median = 0;   ///< > 0
    double spread = 0;   ///< median absolute deviation, same unit
    std::uint32_t repetitions = 0;

    friend bool operator==(const Figure&, const Figure&) = default;
};

/// Results that differed from a plain reference on the host: a device that computes wrongly.
struct BenchFault {
    std::string figure;          ///< where it showed
    std::uint64_t checked = 0;   ///< values compared
    std::uint64_t wrong = 0;     ///< of them; > 0
    std::string first_mismatch;  ///< "element 5: 3.5 instead of 4"

    friend bool operator==(const BenchFault&, const BenchFault&) = default;
};

/// The long run that finds what a short one does not: heat and failing memory.
struct SoakResult {
    std::uint32_t seconds = 0;
    std::uint64_t checked = 0;  ///< values compared with the reference; faults tell the wrong ones
    double first = 0;           ///< rate of the measured load at its beginning, in TFLOPS
    double last = 0;            ///< and at its end: lower by much means throttled

    friend bool operator==(const SoakResult&, const SoakResult&) = default;
};

struct BenchReport {
    std::uint32_t version = bench_report_version;
    std::string kind;     ///< of the device: "cuda", "cpu", "vulkan", …
    std::string node;     ///< id of the signing node; empty before it has signed
    std::string device;   ///< the node's id of it: "cuda0"; empty before it has signed
    std::string name;     ///< as the driver says: "NVIDIA GeForce RTX 4060"
    std::string uuid;     ///< "GPU-…"; empty for a CPU
    std::string driver;   ///< "CUDA 13.0"; empty for a CPU
    std::string program;  ///< which build measured: "gleaner-gpu-bench 0.1.0"
    std::string model;    ///< that the engine ran; empty: it ran none
    WallTime measured_at;
    std::uint64_t memory_total_bytes = 0;
    std::optional<std::uint32_t> celsius_before;
    std::optional<std::uint32_t> celsius_after;
    std::vector<Figure> figures;
    std::vector<BenchFault> faults;
    std::optional<SoakResult> soak;

    /// Nothing if it was not measured.
    [[nodiscard]] const Figure* find(std::string_view figure_name) const;
    friend bool operator==(const BenchReport&, const BenchReport&) = default;
};

/// Median and median absolute deviation of `samples`, of which there must be one at least.
[[nodiscard]] Figure figure_of(std::string_view name, std::string_view unit,
                               std::string_view method, std::span<const double> samples);

/// Keys in a fixed order, no spaces; the same report gives the same bytes.
[[nodiscard]] std::string to_json(const BenchReport& report);

/// Foreign input: unknown keys and unknown figures are passed over, for they come with later
/// programs. Errors: too_large above 64 KiB; unsupported for a later version; data_corrupt for
/// anything else, naming the field (a kind that is no lower-case word, a figure that is not
/// positive and finite, more than 32 figures or faults, text over 200 bytes).
[[nodiscard]] Result<BenchReport> parse_bench_report(std::string_view json);

}  // namespace gleaner
