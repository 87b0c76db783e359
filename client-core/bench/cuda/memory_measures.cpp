#include "client-core/bench/cuda/memory_measures.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "client-core/bench/cuda/kernels.h"
#include "client-core/bench/cuda/values.h"

namespace gleaner::cuda {

namespace {

/// Far above the second-level cache of any card (H200: 60 MB, RTX 5090: 96 MB), of which half
/// would else be measured.
constexpr std::size_t copy_bytes = 512 << 20;
constexpr std::size_t bus_bytes = 128 << 20;
constexpr std::size_t block_bytes_most = 256 << 20;
constexpr std::size_t block_bytes_least = 16 << 20;
constexpr double gibibyte = 1024.0 * 1024.0 * 1024.0;

std::vector<double> rates_of(const std::vector<double>& seconds, double bytes) {
    std::vector<double> rates;
    for (const double each : seconds) rates.push_back(bytes / each / 1e9);
    return rates;
}

/// The largest of a few sizes that can be had: small cards hold 512 MiB twice only just.
Result<std::pair<Buffer, Buffer>> two_buffers() {
    for (std::size_t bytes = copy_bytes;; bytes /= 2) {
        auto from = Buffer::on_device(bytes);
        auto to = from ? Buffer::on_device(bytes) : Result<Buffer>(from.error());
        if (to) return std::pair(std::move(from).value(), std::move(to).value());
        if (to.error().code() != ErrorCode::resource_exhausted || bytes <= (64U << 20)) {
            return to.error();
        }
    }
}

}  // namespace

Result<Figure> measure_memory_copy(const Repetition& repetition, FaultBook& faults) {
    GLEANER_TRY(auto buffers, two_buffers());
    const Buffer& from = buffers.first;
    const Buffer& to = buffers.second;
    const std::uint64_t words = from.bytes() / sizeof(std::uint64_t);
    GLEANER_TRY(
        checked(write_pattern(from.as<std::uint64_t>(), words, 0, 11), "cannot write memory"));
    const Launch copy = [&] {
        return checked(cudaMemcpyAsync(to.as(), from.as(), from.bytes(), cudaMemcpyDeviceToDevice),
                       "cannot copy device memory");
    };
    GLEANER_TRY(const auto seconds, time_launches(copy, repetition));
    // The end of the copy: the part that is written last.
    std::vector<std::uint64_t> sample(4096);
    const std::uint64_t first = words - sample.size();
    GLEANER_TRY(checked(cudaMemcpy(sample.data(), to.as<std::uint64_t>() + first,
                                   sample.size() * sizeof sample[0], cudaMemcpyDeviceToHost),
                        "cannot read device memory"));
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < sample.size(); ++i) {
        if (sample[i] != pattern_word(first + i, 11)) ++wrong;
    }
    faults.add(figure::memory_copy, sample.size(), wrong, "a copied word differs");
    const double bytes = 2.0 * static_cast<double>(from.bytes());
    return figure_of(figure::memory_copy, "GB/s", "memcpy", rates_of(seconds, bytes));
}

Result<Figure> measure_bus(bool up, const Repetition& repetition) {
    GLEANER_TRY(const Buffer host, Buffer::pinned(bus_bytes));
    GLEANER_TRY(const Buffer device, Buffer::on_device(bus_bytes));
    std::fill_n(host.as<std::uint8_t>(), bus_bytes, std::uint8_t{1});
    const Launch copy = [&] {
        return checked(
            up ? cudaMemcpyAsync(device.as(), host.as(), bus_bytes, cudaMemcpyHostToDevice)
               : cudaMemcpyAsync(host.as(), device.as(), bus_bytes, cudaMemcpyDeviceToHost),
            "cannot copy over the bus");
    };
    GLEANER_TRY(const auto seconds, time_launches(copy, repetition));
    const auto rates = rates_of(seconds, static_cast<double>(bus_bytes));
    return figure_of(up ? figure::upload : figure::download, "GB/s", "pinned", rates);
}

Status PatternedMemory::take(std::uint64_t bytes) {
    std::size_t block = block_bytes_most;
    std::uint64_t taken = 0;
    while (taken + block_bytes_least <= bytes && block >= block_bytes_least) {
        const std::size_t wanted =
            std::min<std::uint64_t>(block, (bytes - taken) / block_bytes_least * block_bytes_least);
        auto got = Buffer::on_device(wanted);
        if (got) {
            taken += wanted;
            blocks_.push_back(std::move(got).value());
        } else if (got.error().code() == ErrorCode::resource_exhausted) {
            block /= 2;  // what is left is in smaller pieces
        } else {
            return got.error();
        }
    }
    return ok();
}

std::uint64_t PatternedMemory::bytes() const {
    std::uint64_t sum = 0;
    for (const Buffer& block : blocks_) sum += block.bytes();
    return sum;
}

std::uint64_t PatternedMemory::first_word(std::size_t block) const {
    return block * (block_bytes_most / sizeof(std::uint64_t));
}

Status PatternedMemory::write(std::size_t block) const {
    const Buffer& memory = blocks_[block];
    return checked(write_pattern(memory.as<std::uint64_t>(), memory.bytes() / sizeof(std::uint64_t),
                                 first_word(block), seed_),
                   "cannot write device memory");
}

Result<std::uint64_t> PatternedMemory::check(std::size_t block, FaultBook& faults) const {
    const Buffer& memory = blocks_[block];
    const std::uint64_t words = memory.bytes() / sizeof(std::uint64_t);
    unsigned long long result[2] = {0, std::numeric_limits<unsigned long long>::max()};
    GLEANER_TRY(const Buffer counters, Buffer::on_device(sizeof result));
    auto* const on_device = counters.as<unsigned long long>();
    GLEANER_TRY(checked(cudaMemcpy(on_device, result, sizeof result, cudaMemcpyHostToDevice),
                        "cannot check device memory"));
    GLEANER_TRY(checked(check_pattern(memory.as<std::uint64_t>(), words, first_word(block), seed_,
                                      on_device, on_device + 1),
                        "cannot check device memory"));
    GLEANER_TRY(checked(cudaMemcpy(result, on_device, sizeof result, cudaMemcpyDeviceToHost),
                        "cannot check device memory"));
    faults.add(figure::usable_memory, words, result[0],
               "memory word " + std::to_string(result[1]) + " does not hold what was written");
    return std::uint64_t{result[0]};
}

Result<Figure> measure_usable_memory(
    std::uint64_t leave_bytes, FaultBook& faults,
    const std::function<void(std::uint32_t, std::uint32_t)>& step) {
    std::size_t free_bytes = 0;
    std::size_t total_bytes = 0;
    GLEANER_TRY(checked(cudaMemGetInfo(&free_bytes, &total_bytes), "cannot ask for memory"));
    PatternedMemory memory(13);
    GLEANER_TRY(memory.take(free_bytes > leave_bytes ? free_bytes - leave_bytes : 0));
    const auto blocks = static_cast<std::uint32_t>(memory.blocks());
    for (std::uint32_t block = 0; block < blocks; ++block) {
        GLEANER_TRY(memory.write(block));
    }
    std::uint64_t wrong = 0;
    for (std::uint32_t block = 0; block < blocks; ++block) {
        GLEANER_TRY(const std::uint64_t found, memory.check(block, faults));
        wrong += found;
        step(block + 1, blocks);
    }
    const auto good = static_cast<double>(memory.bytes() - wrong * sizeof(std::uint64_t));
    if (good <= 0) return Error(ErrorCode::resource_exhausted, "no device memory is free");
    const double gib = good / gibibyte;
    return figure_of(figure::usable_memory, "GiB", "pattern", {&gib, 1});
}

}  // namespace gleaner::cuda
