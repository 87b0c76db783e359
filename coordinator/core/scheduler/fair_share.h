#pragma once
/// Weighted max-min sharing over time: start-time fair queueing (Goyal, Vin, Cheng 1996) among the
/// customers of one queue. Each has a tag, the virtual time up to which it was served; who is
/// served gets its tag moved by cost ÷ weight, and the least tag goes first. Virtual time is the
/// tag of who was served last.
///
/// Promises: customers that always have work are served in proportion to their weights, within one
/// lease each. One that comes, or comes back, starts at virtual time: it is next within one lease
/// of every other, however much waits for them, and has nothing saved up. One whose work could go
/// nowhere for a while is owed at most `lag_max`. Pure; every call is O(log customers).

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "coordinator/core/types.h"

namespace gleaner::core {

class FairShare {
public:
    /// (tag, customer), the least served first.
    using Order = std::set<std::pair<std::uint64_t, std::uint32_t>>;

    static constexpr std::uint32_t weight_usual = 100;
    static constexpr std::uint32_t weight_max = 1'000;

    /// `lag_max`: cost, at the usual weight.
    explicit FairShare(std::uint64_t lag_max) : lag_max_(moved(lag_max, weight_usual)) {}

    /// The customer has something that waits. Nothing when it had before.
    void activate(std::uint32_t customer);
    /// Nothing of it waits any more.
    void deactivate(std::uint32_t customer);
    /// It is served, whether it waits or not.
    void charge(std::uint32_t customer, std::uint32_t weight, std::uint64_t cost);
    /// It was charged `charged` and used `used`.
    void correct(std::uint32_t customer, std::uint32_t weight, std::uint64_t charged,
                 std::uint64_t used);

    [[nodiscard]] const Order& waiting() const { return order_; }
    [[nodiscard]] std::uint64_t virtual_time() const { return virtual_time_; }
    /// A tag as it is compared with those of other queues whose clock stands at `clock`: what a
    /// queue was not served while the other was is owed up to the bound.
    [[nodiscard]] std::uint64_t comparable(std::uint64_t tag, std::uint64_t clock) const {
        return clock > lag_max_ && tag < clock - lag_max_ ? clock - lag_max_ : tag;
    }

private:
    struct Tag {
        std::uint64_t at = 0;
        bool waits = false;
    };
    [[nodiscard]] static std::uint64_t moved(std::uint64_t cost, std::uint32_t weight);
    void move(std::uint32_t customer, Tag& tag, std::uint64_t to);

    std::uint64_t lag_max_;
    std::uint64_t virtual_time_ = 0;
    std::map<std::uint32_t, Tag> tags_;
    Order order_;
};

}  // namespace gleaner::core
