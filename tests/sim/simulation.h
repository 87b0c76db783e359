#pragma once
/// One run: churn with faults, then healing, then the reckoning.

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/coordinator_model.h"
#include "tests/sim/node_model.h"

namespace gleaner::sim {

struct SimReport {
    SimStats stats;
    std::uint64_t hash = 0;
    std::uint64_t steps = 0;
    std::size_t entries = 0;
    Duration healed_after{};
    std::vector<std::string> violations;
};

class Simulation {
public:
    Simulation(const SimOptions& options, bool log);
    SimReport run();

private:
    void build_models();
    void build_nodes();
    void plan_jobs();
    void plan_small_jobs();
    void plan_streams();
    void plan_faults();
    void every(Duration mean, std::function<void()> fault);
    [[nodiscard]] NodeModel& any_node();
    [[nodiscard]] std::vector<NodeModel*> nodes_at(std::uint32_t site);
    void cut_power(std::uint32_t site);
    void lose_most();
    void heal();
    void check_fairness(bool end);
    [[nodiscard]] bool churning() const { return world_.now < churn_ends_; }

    SimOptions options_;
    World world_;
    Violations violations_;
    CoordinatorModel coordinator_;
    std::vector<SimModel> models_;
    std::vector<std::unique_ptr<NodeModel>> nodes_;
    std::vector<JobId> small_jobs_;
    Time churn_ends_;
};

}  // namespace gleaner::sim
