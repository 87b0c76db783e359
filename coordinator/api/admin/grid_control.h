#pragma once
/// What the admin API asks of the live grid: a narrow view of runtime::Grid, so that routes are
/// tested without one. Called on the network thread.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/records.h"

namespace gleaner::runtime {
class Grid;
}

namespace gleaner::admin {

/// What is known of a node beyond the store's record.
struct LiveNode {
    bool connected = false;
    bool paused = false;
    bool draining = false;
    bool reserved = false;     ///< works for one customer alone
    std::int64_t items = 0;    ///< held: running or queued
    std::int64_t streams = 0;  ///< running
    std::vector<Sha256> ready_models;
    double trust = 0;         ///< least over its standings, [0,1]
    double tokens_per_s = 0;  ///< observed
    std::int64_t quota = 0;   ///< items it may hold by its standing
    std::string device_class;
    std::int64_t reference_permille = 0;                ///< what it gives: of a reference device
    std::string paused_reason;                          ///< the node's words
    std::map<std::string, std::string> paused_devices;  ///< that its owner uses, and why
    std::map<Sha256, std::string> failed_models;        ///< and why they cannot run
};

class GridControl {
public:
    virtual ~GridControl() = default;
    /// All nodes that the grid knows; others have not been seen since it started.
    [[nodiscard]] virtual std::map<NodeId, LiveNode> live() const = 0;
    /// Ends the node's session now; the store has revoked it already.
    virtual void cut_off(const NodeId& node, std::string_view reason) = 0;
    /// Tells all nodes of the site.
    virtual void site_policy(const SiteId& site, const std::string& policy) = 0;
    virtual void drain(const NodeId& node, std::string_view reason) = 0;
    virtual void model_added(const store::Model& model, std::vector<store::Canary> canaries) = 0;
    virtual void model_removed(const store::Model& model) = 0;
    virtual void engine_added(const store::EnginePackage& engine) = 0;
    /// A customer's share when nodes are scarce.
    virtual void customer_weighed(const CustomerId& customer, std::int32_t weight) = 0;
    /// Connected devices that may work, by class.
    [[nodiscard]] virtual std::map<std::string, std::int64_t> devices_on_offer() const = 0;
};

/// The real one. `grid` must outlive it.
[[nodiscard]] std::unique_ptr<GridControl> control_of(runtime::Grid& grid);

}  // namespace gleaner::admin
