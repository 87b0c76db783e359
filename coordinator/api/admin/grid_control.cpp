#include "coordinator/api/admin/grid_control.h"

#include "coordinator/runtime/grid.h"

namespace gleaner::admin {

namespace {

class RealGrid final : public GridControl {
public:
    explicit RealGrid(runtime::Grid& grid) : grid_(grid) {}

    [[nodiscard]] std::map<NodeId, LiveNode> live() const override {
        std::map<NodeId, LiveNode> nodes;
        for (const auto& view : grid_.nodes()) {
            LiveNode node;
            node.connected = view.connected;
            node.paused = view.paused;
            node.draining = view.draining;
            node.reserved = !view.reservation.empty();
            node.items = view.outstanding_items;
            node.streams = view.running_streams;
            node.ready_models = view.ready_models;
            node.trust = view.trust;
            node.tokens_per_s = view.tokens_per_s;
            node.quota = view.quota;
            const auto facts = grid_.facts(view.node);
            if (facts) {
                node.device_class = facts->device_class;
                node.reference_permille = facts->reference_permille;
            }
            auto trouble = grid_.trouble(view.node);
            node.paused_reason = std::move(trouble.paused_reason);
            node.paused_devices = std::move(trouble.paused_devices);
            node.failed_models = std::move(trouble.failed_models);
            nodes.emplace(view.node, std::move(node));
        }
        return nodes;
    }
    void cut_off(const NodeId& node, std::string_view reason) override {
        grid_.cut_off(node, reason);
    }
    void site_policy(const SiteId& site, const std::string& policy) override {
        grid_.site_policy(site, policy);
    }
    void drain(const NodeId& node, std::string_view reason) override { grid_.drain(node, reason); }
    void model_added(const store::Model& model, std::vector<store::Canary> canaries) override {
        grid_.model_added(model, std::move(canaries));
    }
    void model_removed(const store::Model& model) override { grid_.model_removed(model); }
    void engine_added(const store::EnginePackage& engine) override { grid_.engine_added(engine); }
    void customer_weighed(const CustomerId& customer, std::int32_t weight) override {
        grid_.customer_weighed(customer, weight);
    }
    [[nodiscard]] std::map<std::string, std::int64_t> devices_on_offer() const override {
        return grid_.devices_on_offer();
    }

private:
    runtime::Grid& grid_;
};

}  // namespace

std::unique_ptr<GridControl> control_of(runtime::Grid& grid) {
    return std::make_unique<RealGrid>(grid);
}

}  // namespace gleaner::admin
