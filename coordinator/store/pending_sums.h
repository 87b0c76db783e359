#pragma once
/// Additions to rows that many calls of one transaction change (balances, job counts, days): kept
/// in memory and written once. Follows savepoints: what a rolled back call added is taken off.

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/util/check.h"

namespace gleaner::store {

/// `Value` starts at nothing and has += and ==: a number, or several that are added together.
template <class Value>
class PendingSums {
public:
    using Sums = std::vector<std::pair<std::int64_t, Value>>;

    void add(std::int64_t key, const Value& delta) {
        auto& sum = sums_[key];
        remember(key, sum);
        sum += delta;
    }
    /// What is to be added to `key`'s row; nothing when none is.
    [[nodiscard]] Value of(std::int64_t key) const {
        const auto found = sums_.find(key);
        return found == sums_.end() ? Value{} : found->second;
    }
    /// Hands out what is something, by ascending key, and forgets it (until an undo()).
    [[nodiscard]] Sums take() {
        Sums taken;
        for (auto& [key, sum] : sums_) {
            if (sum == Value{}) continue;
            taken.emplace_back(key, sum);
            remember(key, sum);
            sum = Value{};
        }
        std::sort(taken.begin(), taken.end(),
                  [](const auto& a, const auto& b) { return a.first < b.first; });
        return taken;
    }

    /// A savepoint begins.
    void mark() { marks_.push_back(previous_.size()); }
    /// The innermost savepoint becomes part of the one around it.
    void release() {
        GLEANER_CHECK(!marks_.empty(), "release() follows a mark()");
        marks_.pop_back();
        if (marks_.empty()) previous_.clear();
    }
    /// The innermost savepoint never was.
    void undo() {
        GLEANER_CHECK(!marks_.empty(), "undo() follows a mark()");
        for (; previous_.size() > marks_.back(); previous_.pop_back()) {
            sums_[previous_.back().first] = previous_.back().second;
        }
        marks_.pop_back();
    }
    /// The transaction has ended.
    void clear() {
        sums_.clear();
        previous_.clear();
        marks_.clear();
    }

private:
    void remember(std::int64_t key, const Value& value) {
        if (!marks_.empty()) previous_.emplace_back(key, value);
    }

    std::unordered_map<std::int64_t, Value> sums_;
    Sums previous_;
    std::vector<std::size_t> marks_;
};

}  // namespace gleaner::store
