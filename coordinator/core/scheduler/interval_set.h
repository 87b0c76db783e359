#pragma once
/// A set of item indices kept as runs, so that a million pending items cost one map node.

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace gleaner::core {

class IntervalSet {
public:
    /// Adds [first, last). What is there already stays.
    void insert(std::uint32_t first, std::uint32_t last);
    void insert(std::uint32_t value) { insert(value, value + 1); }
    /// False when it was not there.
    bool erase(std::uint32_t value);
    [[nodiscard]] bool contains(std::uint32_t value) const;
    /// Moves up to `count` of the smallest values to the end of `out`; returns how many.
    std::uint32_t take(std::uint32_t count, std::vector<std::uint32_t>& out);
    void clear();

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t runs() const { return runs_.size(); }
    /// The runs as first → one past the last, ascending.
    [[nodiscard]] const std::map<std::uint32_t, std::uint32_t>& intervals() const { return runs_; }

private:
    std::map<std::uint32_t, std::uint32_t> runs_;  ///< disjoint and never adjacent
    std::size_t size_ = 0;
};

}  // namespace gleaner::core
