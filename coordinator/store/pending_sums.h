#pragma once
/// Additions to rows that many calls of one transaction change (balances, job counts): gathered in
/// memory and written once. Follows savepoints: what a rolled back call added is taken off again.

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gleaner::store {

class PendingSums {
public:
    using Sums = std::vector<std::pair<std::int64_t, std::int64_t>>;

    void add(std::int64_t key, std::int64_t delta);
    /// What is to be added to `key`'s row; 0 when nothing is.
    [[nodiscard]] std::int64_t of(std::int64_t key) const;
    /// Hands out what is not zero, by ascending key, and forgets it (until an undo()).
    [[nodiscard]] Sums take();

    void mark();     ///< a savepoint begins
    void release();  ///< the innermost savepoint becomes part of the one around it
    void undo();     ///< the innermost savepoint never was
    void clear();    ///< the transaction has ended

private:
    void remember(std::int64_t key, std::int64_t value);

    std::unordered_map<std::int64_t, std::int64_t> sums_;
    Sums previous_;
    std::vector<std::size_t> marks_;
};

}  // namespace gleaner::store
