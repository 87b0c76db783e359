#pragma once
/// What the gateway tells the grid. Called on the network thread, never from inside a call of the
/// grid to the NodeLink.

#include <cstdint>

#include "coordinator/core/scheduler/events.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/store/records.h"

namespace gleaner::gateway {

class NodeEvents {
public:
    virtual ~NodeEvents() = default;
    /// A session began; `link` lives until `left` with the same link has returned.
    virtual void joined(const store::Node& node, const wire::Hello& hello, runtime::NodeLink& link,
                        std::uint32_t certificate_renew_after_s) = 0;
    /// One checked message.
    virtual void said(const NodeId& node, wire::ToCoordinator&& message) = 0;
    /// Exactly once for each `joined`.
    virtual void left(const NodeId& node, const runtime::NodeLink& link,
                      core::LeaveCause cause) = 0;
};

/// Straight to the grid, which must outlive this.
class GridNodeEvents final : public NodeEvents {
public:
    explicit GridNodeEvents(runtime::Grid& grid) : grid_(grid) {}
    void joined(const store::Node& node, const wire::Hello& hello, runtime::NodeLink& link,
                std::uint32_t certificate_renew_after_s) override {
        grid_.node_joined(node, hello, link, certificate_renew_after_s);
    }
    void said(const NodeId& node, wire::ToCoordinator&& message) override {
        grid_.node_said(node, std::move(message));
    }
    void left(const NodeId& node, const runtime::NodeLink& link, core::LeaveCause cause) override {
        grid_.node_left(node, link, cause);
    }

private:
    runtime::Grid& grid_;
};

}  // namespace gleaner::gateway
