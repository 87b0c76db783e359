#pragma once
/// What owners and partners have earned, from pending to confirmed: the hold-back, nodes whose
/// earnings wait for a decision, and reversals of work that was not worth its price.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/store.h"

namespace gleaner::store {

/// A node whose earnings wait for a decision, or the decision that was taken.
struct WithheldNode {
    NodeId node;
    SiteId site;
    OwnerId owner;
    WallTime since;
    std::string reason;
    std::string decision;  ///< empty: none yet; "released" or "clawed_back"
    std::optional<WallTime> decided;
    std::string decided_by;
};

/// What reversals gave back.
struct Reversed {
    std::int64_t records = 0;  ///< meter records that were not reversed before
    Money price;               ///< back to customers; of several currencies: the sum of the numbers
};

/// Verbs over an open Store: each is atomic, and changes nothing when it is repeated.
class Earnings {
public:
    explicit Earnings(Store& store) : store_(store) {}

    /// Confirms every day up to `day` that is not confirmed yet, oldest first: shares of its work
    /// move from pending to what can be paid out, but those of nodes that are withheld. With a
    /// month's last day go the month's tiers. Call it for a day when its hold-back is over.
    Status confirm_through(std::int64_t day);
    /// The last day that was confirmed; nothing before the first.
    Result<std::optional<std::int64_t>> confirmed_through();

    /// From now on the node's earnings stay pending. Changes nothing when they do already.
    Status withhold(const NodeId& node, std::string_view reason);
    /// The decision for the node: confirms what was kept back. Errors: failed_precondition when
    /// nothing is withheld.
    Status release(const NodeId& node, std::string_view by);
    /// The decision against it: reverses all of the node's work that is not confirmed yet. Its
    /// customers get the price back, whoever shared it loses the share. Errors: as release().
    Result<Reversed> claw_back(const NodeId& node, std::string_view by, std::string_view reason);
    /// Reverses one request's meter records, confirmed or not: the answer was broken. What was
    /// confirmed is taken from the owner's account, which may fall below zero until new earnings
    /// come. Errors: not_found for a request without a receipt.
    Result<Reversed> refund(const RequestId& request, std::string_view by, std::string_view reason);
    /// Open decisions first, then the latest; at most `limit`.
    Result<std::vector<WithheldNode>> withheld(std::int64_t limit);

private:
    Store& store_;
};

}  // namespace gleaner::store
