#include "coordinator/store/pending_sums.h"

#include <algorithm>

#include "shared/util/check.h"

namespace gleaner::store {

void PendingSums::add(std::int64_t key, std::int64_t delta) {
    auto& sum = sums_[key];
    remember(key, sum);
    sum += delta;
}

std::int64_t PendingSums::of(std::int64_t key) const {
    const auto found = sums_.find(key);
    return found == sums_.end() ? 0 : found->second;
}

PendingSums::Sums PendingSums::take() {
    Sums taken;
    for (auto& [key, sum] : sums_) {
        if (sum == 0) continue;
        taken.emplace_back(key, sum);
        remember(key, sum);
        sum = 0;
    }
    std::sort(taken.begin(), taken.end());
    return taken;
}

void PendingSums::mark() {
    marks_.push_back(previous_.size());
}

void PendingSums::release() {
    GLEANER_CHECK(!marks_.empty(), "release() follows a mark()");
    marks_.pop_back();
    if (marks_.empty()) previous_.clear();
}

void PendingSums::undo() {
    GLEANER_CHECK(!marks_.empty(), "undo() follows a mark()");
    for (; previous_.size() > marks_.back(); previous_.pop_back()) {
        sums_[previous_.back().first] = previous_.back().second;
    }
    marks_.pop_back();
}

void PendingSums::clear() {
    sums_.clear();
    previous_.clear();
    marks_.clear();
}

void PendingSums::remember(std::int64_t key, std::int64_t value) {
    if (!marks_.empty()) previous_.emplace_back(key, value);
}

}  // namespace gleaner::store
