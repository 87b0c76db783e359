#pragma once
/// The simulated coordinator: the real scheduler, verifier and ledger over a store that commits a
/// moment later and survives the coordinator's death.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client-core/core/work_loop/types.h"
#include "coordinator/core/admission/save_backlog.h"
#include "coordinator/core/scheduler/scheduler.h"
#include "tests/sim/checkers/items.h"
#include "tests/sim/checkers/leases.h"
#include "tests/sim/checkers/money.h"
#include "tests/sim/checkers/refusals.h"
#include "tests/sim/sim_options.h"
#include "tests/sim/world.h"

namespace gleaner::sim {

class NodeModel;

[[nodiscard]] core::FailureCause cause_of(work::FailureCode code);

struct SimJob {
    JobId id;
    CustomerId customer;
    std::uint32_t weight = 100;  ///< the customer's
    OwnerId own_sites_of;
    Sha256 model;
    PrivacyClass privacy = PrivacyClass::any;
    std::uint32_t replicas = 1;
    std::uint32_t items = 0;
    Time opened;
    Time deadline;
    bool ended = false;
    Time ended_at;
};

struct SimModel {
    Sha256 id;
    std::uint64_t bytes = 0;
    std::uint32_t canaries = 0;
    bool offered = true;
};

struct SimStats {
    std::uint64_t accepted = 0;
    std::uint64_t wrong_accepted = 0;  ///< answers no honest engine would give
    std::uint64_t failed = 0;
    std::uint64_t leases = 0;
    std::uint64_t streams_done = 0;
    std::uint64_t streams_refused = 0;
    std::uint64_t streams_interrupted = 0;
    std::uint64_t stalls = 0;
    std::uint64_t events = 0;
};

class CoordinatorModel {
public:
    /// Small, so that slow stores reach it.
    static constexpr core::SaveBacklog::Limits sim_backlog{30, 10};

    CoordinatorModel(const SimOptions& options, World& world, Violations& violations, bool log);

    void start(const std::vector<SimModel>& models);
    void kill(Duration down_for);
    /// Suspends the process: what nodes and customers say waits until it wakes.
    void sleep(Duration duration);
    [[nodiscard]] bool asleep() const { return world_.now < asleep_until_; }
    /// Does it at once, or when the coordinator wakes up.
    void hear(World::Action action);
    /// The operator removes a model, or adds it again with so many known answers.
    void withdraw(const Sha256& model);
    void offer_again(const Sha256& model, std::uint32_t canaries);
    [[nodiscard]] bool up() const { return scheduler_ != nullptr; }
    /// The store refuses to write from now on, or writes again.
    void break_store(bool broken) { store_broken_ = broken; }

    // ---- Customers ----
    void open_job(SimJob job);
    void cancel_job(const JobId& id);
    void request_stream(const core::StreamRequested& event, int attempts_left);
    void abandon_stream(StreamId id);
    [[nodiscard]] StreamId new_stream() { return StreamId{next_stream_++}; }

    // ---- Nodes, after the network ----
    void said_hello(NodeModel& node);
    void said_goodbye(NodeModel& node);
    void link_silent(NodeModel& node, Duration noticed);
    void capacity_changed(const core::CapacityChanged& event);
    void item_finished(core::ItemFinished event);
    void stream_ended(const NodeId& node, const core::StreamFinished& event);
    void tell(const core::Event& event);

    /// Lets queued commits reach the store and checks what must hold at the end.
    void end();
    void check_leases();

    [[nodiscard]] const std::map<JobId, SimJob>& jobs() const { return jobs_; }
    [[nodiscard]] core::Scheduler::Totals totals() const { return scheduler_->totals(); }
    [[nodiscard]] const ItemChecker& items() const { return items_; }
    [[nodiscard]] const SimStats& stats() const { return stats_; }
    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    [[nodiscard]] std::size_t entries() const { return money_.entries(); }
    [[nodiscard]] std::vector<core::Scheduler::NodeView> nodes() const {
        return scheduler_->nodes();
    }

private:
    struct Session {
        NodeModel* node = nullptr;
        std::uint64_t number = 0;
        Time last_arrival;
    };
    struct LiveLease {
        NodeId node;
        JobId job;
        Sha256 model;
        std::vector<core::LeaseItem> items;
        std::set<std::uint32_t> open;
    };
    struct Result {
        JobId job;
        std::uint32_t item = 0;
        NodeId node;
        bool good = false;
        bool truthful = false;
        std::uint32_t prompt_tokens = 0;
        std::uint32_t generated_tokens = 0;
    };
    struct LiveStream {
        core::StreamRequested request;
        NodeId node;
        int attempts_left = 0;
    };
    struct Unsaved {
        core::SettleItem command;
        std::vector<Result> results;
    };

    void start_scheduler();
    void wake_up();
    void offer(const SimModel& model);
    void execute(const core::WelcomeNode& command);
    void execute(const core::SendLease& command);
    void execute(const core::RevokeLease& command);
    void execute(const core::LoadModel& command);
    void execute(const core::UnloadModel& command);
    void execute(const core::SettleItem& command);
    void execute(const core::DiscardResult& command);
    void execute(const core::JobDrained& command);
    void execute(const core::StartStream& command);
    void execute(const core::InterruptStream& command);
    void execute(const core::RefuseStream& command);
    void execute(const core::StopStream& command);
    void execute(const core::SaveStanding& command);
    void execute(const core::WithholdEarnings& command);
    void execute(const core::Wake& command);
    void execute(const core::Note& command);
    void hold_job(const JobId& id, bool held);
    void tell_job(const SimJob& job);
    void end_job_record(const JobId& id, bool expired);
    void commit_later(Duration delay);
    void commit();
    /// Tells the scheduler when the store has become too slow, or has caught up.
    void note_backlog();
    void check_refusal(const core::SettleItem& command);
    void commit_one(const Unsaved& unsaved);
    void entry_ended(LeaseId lease, std::uint32_t index);
    void drop_lease(LeaseId lease);
    void drop_leases_of(const NodeId& node, const std::vector<LeaseId>& but);
    void to_node(const NodeId& node, std::function<void(NodeModel&)> message);
    [[nodiscard]] std::size_t held_by(const NodeId& node, const Sha256& model) const;

    const SimOptions& options_;
    World& world_;
    Violations& violations_;
    bool log_ = false;
    ItemChecker items_;
    MoneyChecker money_;
    LeaseChecker lease_checker_;
    RefusalChecker refusals_;
    SimStats stats_;
    std::uint64_t hash_ = 1'469'598'103'934'665'603ULL;

    // What dies with the coordinator.
    std::unique_ptr<core::Scheduler> scheduler_;
    std::uint64_t epoch_ = 0;
    std::optional<Time> wake_at_;
    std::uint64_t wake_ = 0;
    std::map<NodeId, Session> sessions_;
    std::map<LeaseId, LiveLease> leases_;
    std::map<std::pair<LeaseId, std::uint32_t>, Result> results_;
    std::map<StreamId, LiveStream> streams_;
    std::vector<Unsaved> unsaved_;
    std::vector<World::Action> unheard_;  ///< while it sleeps
    Time asleep_from_;
    Time asleep_until_;
    std::vector<std::pair<JobId, bool>> drained_;
    bool commit_due_ = false;
    core::SaveBacklog backlog_{sim_backlog};
    bool stalled_ = false;
    std::size_t unsaved_max_ = 0;  ///< while stalled
    std::uint64_t canary_faults_ = 0;

    // What the store keeps.
    bool store_broken_ = false;
    std::vector<SimModel> models_;
    std::map<JobId, SimJob> jobs_;
    std::map<std::string, std::string> standings_;
    std::uint64_t next_stream_ = 1;
    std::map<NodeId, OwnerId> owners_;
    std::map<NodeId, SiteId> sites_;
};

}  // namespace gleaner::sim
