#include "coordinator/core/scheduler/fair_share.h"

#include <algorithm>

namespace gleaner::core {

namespace {

/// Virtual time a unit of cost takes at weight 1: exact to the unit at the greatest weight.
constexpr std::uint64_t scale = 1'000;

}  // namespace

std::uint64_t FairShare::moved(std::uint64_t cost, std::uint32_t weight) {
    return cost * scale / std::clamp(weight, 1U, weight_max);
}

void FairShare::move(std::uint32_t customer, Tag& tag, std::uint64_t to) {
    if (tag.waits && to != tag.at) {
        order_.erase({tag.at, customer});
        order_.emplace(to, customer);
    }
    tag.at = to;
}

void FairShare::activate(std::uint32_t customer) {
    auto& tag = tags_[customer];
    if (tag.waits) return;
    tag.at = std::max(tag.at, virtual_time_);
    tag.waits = true;
    order_.emplace(tag.at, customer);
}

void FairShare::deactivate(std::uint32_t customer) {
    const auto found = tags_.find(customer);
    if (found == tags_.end() || !found->second.waits) return;
    order_.erase({found->second.at, customer});
    found->second.waits = false;
}

void FairShare::charge(std::uint32_t customer, std::uint32_t weight, std::uint64_t cost) {
    auto& tag = tags_[customer];
    const std::uint64_t start =
        tag.waits ? comparable(tag.at, virtual_time_) : std::max(tag.at, virtual_time_);
    virtual_time_ = std::max(virtual_time_, start);
    move(customer, tag, start + moved(cost, weight));
}

void FairShare::correct(std::uint32_t customer, std::uint32_t weight, std::uint64_t charged,
                        std::uint64_t used) {
    if (charged == used) return;
    auto& tag = tags_[customer];
    if (used > charged) {
        move(customer, tag, tag.at + moved(used - charged, weight));
    } else {
        move(customer, tag, tag.at - std::min(tag.at, moved(charged - used, weight)));
    }
}

}  // namespace gleaner::core
