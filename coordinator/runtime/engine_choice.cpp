#include "coordinator/runtime/engine_choice.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <tuple>

#include "shared/proto/wire.pb.h"

namespace gleaner::runtime {

namespace {

constexpr std::size_t numbers_max = 8;

/// "535.183.01" → 535, 183, 1; ends at the first part that is no number.
std::vector<std::uint64_t> numbers_of(std::string_view version) {
    std::vector<std::uint64_t> numbers;
    const char* at = version.data();
    const char* const end = at + version.size();
    while (at != end && numbers.size() < numbers_max) {
        std::uint64_t number = 0;
        const auto [stop, problem] = std::from_chars(at, end, number);
        if (problem != std::errc{}) break;
        numbers.push_back(number);
        if (stop == end || *stop != '.') break;
        at = stop + 1;
    }
    return numbers;
}

/// Greater is better.
using Rank = std::tuple<int, bool, WallTime>;

int backend_rank(std::string_view backend) {
    if (backend == "cpu") return 0;
    return backend == "vulkan" ? 1 : 2;
}

/// Nothing when the package runs on no device of the node.
std::optional<Rank> rank_of(const store::EnginePackage& package, const wire::Hello& hello) {
    if (package.os != hello.os() || package.arch != hello.arch()) return std::nullopt;
    std::optional<Rank> best;
    for (const auto& device : hello.devices()) {
        if (device.kind() != package.backend) continue;
        if (!driver_suffices(device.driver(), package.min_driver)) continue;
        const Rank rank{backend_rank(package.backend), device.memory_bytes() > 0, package.created};
        if (!best || *best < rank) best = rank;
    }
    return best;
}

}  // namespace

bool driver_suffices(std::string_view have, std::string_view least) {
    auto has = numbers_of(have);
    auto needs = numbers_of(least);
    if (has.empty() || needs.empty()) return true;
    const auto length = std::max(has.size(), needs.size());
    has.resize(length);
    needs.resize(length);
    return has >= needs;
}

const store::EnginePackage* choose_engine(const std::vector<store::EnginePackage>& packages,
                                          const wire::Hello& hello) {
    const store::EnginePackage* best = nullptr;
    std::optional<Rank> best_rank;
    for (const auto& package : packages) {
        const auto rank = rank_of(package, hello);
        if (!rank || (best_rank && *rank <= *best_rank)) continue;
        best = &package;
        best_rank = rank;
    }
    return best;
}

}  // namespace gleaner::runtime
