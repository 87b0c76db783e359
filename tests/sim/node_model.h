#pragma once
/// One simulated machine: the real work loop over a simulated engine, network link and owner.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "client-core/core/work_loop/machine.h"
#include "coordinator/core/scheduler/events.h"
#include "tests/sim/sim_options.h"
#include "tests/sim/world.h"

namespace gleaner::sim {

class CoordinatorModel;

struct NodeTraits {
    NodeId id;
    SiteId site;
    OwnerId owner;
    std::uint32_t site_number = 0;
    bool certified = false;
    std::uint32_t device_class = 0;
    std::uint64_t memory_bytes = 0;
    std::uint32_t slots = 8;
    double tokens_per_s = 100;
    double claimed_tokens_per_s = 100;
    bool cheats = false;
    bool rejects = false;  ///< refuses whatever it is asked, at once
};

class NodeModel {
public:
    NodeModel(NodeTraits traits, const SimOptions& options, World& world,
              CoordinatorModel& coordinator);

    // ---- What happens to it ----
    void power_on();
    void power_off();                  ///< no goodbye; the memory is lost
    void shut_down();                  ///< with goodbye; off afterwards
    void drop_link(Duration noticed);  ///< silently; the node notices after a while
    void reclaim(Duration duration);   ///< its owner wants it
    void link_refused();               ///< the coordinator is down or closed the session

    // ---- From the coordinator, after the network ----
    void welcomed(const std::vector<LeaseId>& keep);
    void lease(LeaseId id, const Sha256& model, Duration deadline,
               std::vector<work::LeaseReceived::Item> items);
    void revoke(LeaseId id);
    void load(const Sha256& model, std::uint64_t bytes);
    void unload(const Sha256& model);
    void start_stream(StreamId id, const Sha256& model, std::string body, Duration deadline);
    void cancel_stream(StreamId id);

    [[nodiscard]] const NodeTraits& traits() const { return traits_; }
    [[nodiscard]] bool powered() const { return powered_; }
    [[nodiscard]] std::uint64_t session() const { return session_; }
    [[nodiscard]] bool linked() const { return linked_; }
    /// Does a message of this session arrive?
    [[nodiscard]] bool hears(std::uint64_t session) const {
        return linked_ && !link_broken_ && session == session_;
    }
    [[nodiscard]] core::NodeJoined hello() const;

private:
    struct Run {
        Sha256 model;
        std::string body;
        bool stream = false;
        bool running = false;
    };
    struct Engine {
        bool cached = false;
        bool loading = false;
        bool ready = false;
        std::uint64_t generation = 0;  ///< what belongs to an earlier one is void
        std::uint32_t running = 0;
        std::deque<work::RunId> queue;
    };

    void tell_loop(work::Event event);
    void execute(const work::Command& command);
    void execute_results(const work::SendResults& command);
    void run_next(const Sha256& model);
    void finish_run(work::RunId id, std::uint64_t generation);
    void crash(const Sha256& model);
    void stop_engine(const Sha256& model, const work::Failure& why);
    void engine_ready(const Sha256& model);
    void say_model(const Sha256& model, core::ModelPhase phase,
                   core::FailureCause cause = core::FailureCause::none);
    void connect_after(Duration delay);
    void connect();
    /// To the coordinator, in order, unless the link breaks first.
    void send(std::function<void(CoordinatorModel&)> message);

    NodeTraits traits_;
    const SimOptions& options_;
    World& world_;
    CoordinatorModel& coordinator_;
    std::unique_ptr<work::WorkLoop> loop_;
    std::uint64_t boot_ = 0;
    std::uint64_t session_ = 0;
    std::uint64_t wake_ = 0;
    bool powered_ = false;
    bool linked_ = false;      ///< as the node believes
    bool link_broken_ = true;  ///< as it is
    bool welcomed_ = false;
    bool reclaimed_ = false;
    bool connecting_ = false;
    Time last_arrival_;
    std::map<Sha256, Engine> engines_;
    std::map<work::RunId, Run> runs_;
};

}  // namespace gleaner::sim
