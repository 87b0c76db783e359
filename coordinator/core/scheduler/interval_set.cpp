#include "coordinator/core/scheduler/interval_set.h"

#include <algorithm>
#include <iterator>

namespace gleaner::core {

void IntervalSet::insert(std::uint32_t first, std::uint32_t last) {
    if (first >= last) return;
    auto it = runs_.upper_bound(first);
    if (it != runs_.begin() && std::prev(it)->second >= first) --it;
    while (it != runs_.end() && it->first <= last) {
        first = std::min(first, it->first);
        last = std::max(last, it->second);
        size_ -= it->second - it->first;
        it = runs_.erase(it);
    }
    runs_.emplace_hint(it, first, last);
    size_ += last - first;
}

bool IntervalSet::erase(std::uint32_t value) {
    auto it = runs_.upper_bound(value);
    if (it == runs_.begin()) return false;
    --it;
    const auto [first, last] = *it;
    if (value >= last) return false;
    --size_;
    if (first == value)
        runs_.erase(it);
    else
        it->second = value;
    if (value + 1 < last) runs_.emplace(value + 1, last);
    return true;
}

bool IntervalSet::contains(std::uint32_t value) const {
    const auto it = runs_.upper_bound(value);
    return it != runs_.begin() && value < std::prev(it)->second;
}

std::uint32_t IntervalSet::take(std::uint32_t count, std::vector<std::uint32_t>& out) {
    std::uint32_t taken = 0;
    while (taken < count && !runs_.empty()) {
        const auto it = runs_.begin();
        const auto [first, last] = *it;
        const std::uint32_t n = std::min(count - taken, last - first);
        for (std::uint32_t i = 0; i < n; ++i) out.push_back(first + i);
        runs_.erase(it);
        if (first + n < last) runs_.emplace(first + n, last);
        taken += n;
    }
    size_ -= taken;
    return taken;
}

void IntervalSet::clear() {
    runs_.clear();
    size_ = 0;
}

}  // namespace gleaner::core
