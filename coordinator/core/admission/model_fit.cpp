#include "coordinator/core/admission/model_fit.h"

#include <algorithm>
#include <string>

namespace gleaner::core {

namespace {
std::string gibibytes(std::uint64_t bytes) {
    const std::uint64_t tenths =
        bytes / (1ULL << 30U) * 10 + (bytes % (1ULL << 30U)) * 10 / (1ULL << 30U);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GiB";
}
}  // namespace

Status check_model_fit(std::string_view model, std::uint64_t needed_bytes,
                       std::span<const std::uint64_t> device_memory_bytes) {
    if (device_memory_bytes.empty()) return ok();
    const std::uint64_t largest = *std::ranges::max_element(device_memory_bytes);
    if (needed_bytes <= largest) return ok();
    return Error(ErrorCode::failed_precondition,
                 "model " + std::string(model) + " needs " + gibibytes(needed_bytes) +
                     ", the largest node has " + gibibytes(largest) +
                     ": choose a smaller model or quantisation, or enrol a larger node",
                 Blame::customer);
}

}  // namespace gleaner::core
