#pragma once
/// Bandwidths and how much memory there really is.

#include <cstdint>
#include <functional>
#include <vector>

#include "client-core/bench/cuda/device.h"
#include "client-core/bench/cuda/fault_book.h"
#include "shared/model/bench_report.h"

namespace gleaner::cuda {

[[nodiscard]] Result<Figure> measure_memory_copy(const Repetition& repetition, FaultBook& faults);
/// Host to device (`up`) or back, pinned memory, one direction at a time.
[[nodiscard]] Result<Figure> measure_bus(bool up, const Repetition& repetition);

/// Takes all memory but `leave_bytes`, writes a pattern over all of it, and only then reads it
/// back: `step(done, of)` after each block. GiB that hold what was written.
[[nodiscard]] Result<Figure> measure_usable_memory(
    std::uint64_t leave_bytes, FaultBook& faults,
    const std::function<void(std::uint32_t, std::uint32_t)>& step);

/// Memory filled with a pattern that can be checked again and again.
class PatternedMemory {
public:
    explicit PatternedMemory(std::uint64_t seed) : seed_(seed) {}
    /// Takes blocks until `bytes` are reached or there is no more.
    [[nodiscard]] Status take(std::uint64_t bytes);
    [[nodiscard]] Status write(std::size_t block) const;
    /// Adds what is wrong in it to `faults`; returns the number of wrong words.
    [[nodiscard]] Result<std::uint64_t> check(std::size_t block, FaultBook& faults) const;
    [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }
    [[nodiscard]] std::uint64_t bytes() const;
    void reseed(std::uint64_t seed) { seed_ = seed; }

private:
    [[nodiscard]] std::uint64_t first_word(std::size_t block) const;
    std::vector<Buffer> blocks_;
    std::uint64_t seed_;
};

}  // namespace gleaner::cuda
