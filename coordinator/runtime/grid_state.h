#pragma once
/// Grid's inside, shared by its translation units. Not for others.

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "coordinator/core/admission/save_backlog.h"
#include "coordinator/core/metering/node_use.h"
#include "coordinator/runtime/benchmark_verdict.h"
#include "coordinator/runtime/device_share.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/runtime/job_input.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/executor.h"
#include "shared/async/task_group.h"

namespace gleaner::runtime {

struct Grid::State {
    /// As the node measures it; smoothed.
    struct DrawnWatts {
        std::optional<double> idle;
        std::optional<double> work;
    };

    struct ConnectedNode {
        NodeLink* link = nullptr;  ///< null: lost, its leases wait for it
        NodeFacts facts;
        NodeTrouble trouble;
        bool said_goodbye = false;
        bool has_engine = false;
        bool paused = false;              ///< all of it; single devices: see trouble
        bool told_benchmark = false;      ///< a bad one, to the log: once a session
        bool money_asked = false;         ///< and not yet told
        std::size_t reports_waiting = 0;  ///< of benchmarks, for the store
        std::vector<AnnouncedDevice> devices;
        std::set<LeaseId> leases;
        std::int64_t items = 0;  ///< lent and unfinished
        std::int64_t streams = 0;
        std::int64_t slots = 1;  ///< of these, run at once
        DeviceShare share;
        core::NodeUse use;
        std::map<Sha256, std::string> device_of;  ///< of the models it loads or has
        std::map<Sha256, std::uint64_t> loads;    ///< their numbers, of those on their way
        std::map<std::string, DrawnWatts> drawn;  ///< by device
    };

    /// A finished item's reply, kept until the scheduler settles or discards it.
    struct HeldResult {
        std::string body;
        std::uint32_t prompt_tokens = 0;
        std::uint32_t generated_tokens = 0;
        std::uint32_t cached_tokens = 0;  ///< of the prompt's, as the reply says
        std::uint64_t device_micros = 0;
        core::WorkPart part;               ///< of the device's time, by the coordinator's clock
        std::int64_t credited_micros = 0;  ///< of device_micros: what can be true
    };

    struct LiveLease {
        NodeId node;
        JobId job;
        Sha256 model;
        // What judging its results takes, as it was when they were asked for: the job may end and
        // the model go or change meanwhile.
        std::uint32_t context_tokens = 0;
        bool embeddings = false;
        bool replicated = false;
        std::unordered_map<std::uint32_t, std::string> expected;  ///< canaries' answers, by index
        std::vector<core::LeaseItem> items;
        std::vector<bool> finished;
        std::vector<std::uint32_t> body_bytes;  ///< of each request, for the verifier; once sent
        std::vector<std::optional<std::int64_t>> seeds;  ///< of each request; once sent
        std::uint32_t unfinished = 0;
        std::unordered_map<std::uint32_t, HeldResult> results;
    };

    struct OpenJob {
        store::Job record;
        std::shared_ptr<const JobInput> input;  ///< shared with leases being packed
        store::JobCounts counts;
        std::uint64_t unsaved = 0;  ///< settlements on their way to the store
        bool drained = false;
        bool expired = false;
        bool cancelled = false;
        bool finishing = false;
        // Of one with a maximum price (terms.limited()).
        Money left;             ///< not spent yet
        bool spending = false;  ///< the scheduler has not heard of `left`
        bool limit_reached = false;
        std::optional<WallTime> waits_until;  ///< for a cheaper time band
        std::string note;
    };

    struct OfferedModel {
        store::Model record;
        std::vector<store::Canary> canaries;
        std::set<NodeId> ready_on;  ///< connected nodes that have it in memory
        bool offered = true;        ///< else it was removed, and work for it may still run
        double typical_answer = 0;  ///< generated tokens; 0: none was seen
    };

    struct LiveStream {
        StreamRequest request;
        StreamSink* sink = nullptr;
        NodeId node;  ///< empty: waits for one
        std::uint32_t generated_tokens = 0;
        double share_at_start = 0;
        double share = 0;  ///< of the device, when its last token came
    };
    /// What an ended stream had of its node.
    struct EndedStream {
        NodeId node;                      ///< empty: it never ran
        std::uint64_t device_micros = 0;  ///< up to its last token
        core::WorkPart part;
    };
    struct LeaseDraft;
    struct PackedLease;

    State(Options options_, const Clock& clock_, store::StoreExecutor& store_, store::Blobs& blobs_,
          const boost::asio::any_io_executor& executor_);

    // grid.cpp
    void tell(const core::Event& event);
    void execute_all();
    void arm_timer(Time at);
    [[nodiscard]] const store::EnginePackage* engine_for(const wire::Hello& hello) const;
    void send(const NodeId& node, const wire::ToNode& message);

    // grid_commands.cpp
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
    /// So many more (or fewer) items and streams are with the node.
    void work_changed(const NodeId& id, std::int64_t items, std::int64_t streams_more);
    [[nodiscard]] EndedStream forget_stream(StreamId id);
    /// It was cut off: the customer keeps, and pays, what had come by then.
    void cut_off_stream(const EndedStream& stream, LossCause cause);
    /// `cause`: what the time of its unfinished items is lost to.
    void drop_lease(LeaseId id, LossCause cause);
    void forget_if_done(LeaseId id);

    // grid_lease.cpp
    static Result<JobLine> line_of(const LeaseDraft& draft, std::uint32_t index);
    static std::shared_ptr<PackedLease> pack(const LeaseDraft& draft);
    boost::asio::awaitable<void> deliver(std::shared_ptr<const LeaseDraft> draft);

    // grid_results.cpp
    void on_results(const NodeId& node, wire::ToCoordinator& message);
    /// The verifier stage: what speaks for or against one reply goes into `event`.
    void verify(const LiveLease& lease, std::uint32_t index, HeldResult& result,
                core::ItemFinished& event);
    void hold(LiveLease& lease, std::uint32_t index, HeldResult held, core::WorkPart part,
              core::Verdict verdict);
    void on_lease_return(const NodeId& node, const wire::ToCoordinator& message);
    void on_model_state(const NodeId& node, const wire::ToCoordinator& message);
    void on_stream_delta(const NodeId& node, const wire::ToCoordinator& message);
    void on_stream_end(const NodeId& node, wire::ToCoordinator& message);
    void on_capacity(const NodeId& node, const wire::ToCoordinator& message);

    // grid_earnings.cpp
    void on_benchmark_report(const NodeId& node, const wire::ToCoordinator& message);
    boost::asio::awaitable<void> keep_report(store::BenchRecord record,
                                             wire::BenchmarkVerdict verdict);
    void on_money_request(const NodeId& node, const wire::ToCoordinator& message);
    boost::asio::awaitable<void> tell_money(NodeId node, std::uint32_t days);
    void count_offered_later();
    void count_offered();

    // grid_metering.cpp
    void use_of_joined(ConnectedNode& node);
    void use_of_left(ConnectedNode& node);
    void offer_devices(ConnectedNode& node);
    void learn_speed_later(const NodeId& node);
    boost::asio::awaitable<void> learn_speed(NodeId node);
    void on_heartbeat(const NodeId& node, const wire::ToCoordinator& message);
    void note_phase(ConnectedNode& node, const core::ModelStateChanged& event);
    void note_load(ConnectedNode& node, const Sha256& model, const std::string& device);
    void load_ended(ConnectedNode& node, const Sha256& model);
    void begin_work(const NodeId& node, const Sha256& model, const core::WorkKey& key);
    [[nodiscard]] core::WorkPart end_work(const NodeId& node, const core::WorkKey& key);
    /// Nobody knows the node, or what it had: nothing happens.
    void lose(const NodeId& node, const core::WorkPart& part, LossCause cause);
    /// The first result that an item is settled with is its answer; more are there to compare.
    void use_settled(bool is_answer, const NodeId& node, const HeldResult& result);
    void collect_use();
    void save_use();
    boost::asio::awaitable<void> save_use_now();

    // grid_reservations.cpp
    /// What is reserved now: tells the scheduler what is new, other or over.
    void take_reservations(std::vector<store::RunningReservation> running);
    void close_orphaned_reservations();
    void meter_reservations_later();
    boost::asio::awaitable<void> reservations_minute();
    /// Writes down what was delivered since the last time.
    boost::asio::awaitable<void> meter_reservations();
    boost::asio::awaitable<void> bill_reserved_hours();
    boost::asio::awaitable<void> read_reservations();

    // grid_settle.cpp
    void save_settlements();
    void saved(std::vector<store::Acceptance> batch, const Status& status);
    void isolate(std::vector<store::Acceptance> batch, const Error& error);
    void settled_for_good(const JobId& job);
    /// Tells the scheduler when the store has fallen behind or fails, and when it has caught up.
    void note_backlog();
    void save_standings();

    // grid_jobs.cpp
    void finish_if_ready(OpenJob& job);
    boost::asio::awaitable<void> finish_jobs();
    boost::asio::awaitable<bool> finish_job(JobId id);
    boost::asio::awaitable<Status> take_up_job(store::Job record);

    // grid_prices.cpp
    /// Takes the price of an accepted item from what is left; false: more than that.
    [[nodiscard]] bool spend(OpenJob& job, Money price);
    void tell_limits();
    /// Does the job wait for a cheaper time band? Says so in its note.
    void look_at_price(OpenJob& job);
    void review_prices();
    void arm_price_timer();
    void note_answer(const Sha256& model, std::uint32_t generated_tokens);

    Options options;
    const Clock& clock;
    store::StoreExecutor& store;
    store::Blobs& blobs;
    boost::asio::any_io_executor executor;
    std::unique_ptr<core::Scheduler> scheduler;
    boost::asio::steady_timer timer;
    std::optional<Time> timer_at;
    boost::asio::steady_timer retry_timer;
    boost::asio::steady_timer offered_timer;
    boost::asio::steady_timer price_timer;
    bool price_timer_runs = false;
    boost::asio::steady_timer reservation_timer;
    Time offered_counted;
    Time reservations_metered;
    std::optional<std::int64_t> billed_hour;  ///< hours before it are billed
    std::map<std::string, store::RunningReservation> reservations;
    std::set<std::string> orphaned_reservations;  ///< of jobs, missing in what was read last
    std::vector<store::DeliveredTime> unsaved_delivered;
    boost::asio::thread_pool blocking{1};  ///< finds lines, writes output files
    boost::asio::thread_pool reading{1};   ///< packs leases
    TaskGroup tasks;
    bool stopping = false;

    std::deque<core::Event> events;  ///< told while commands were being executed
    bool executing = false;
    std::uint64_t next_stream = 1;
    std::unordered_map<NodeId, ConnectedNode> nodes;
    DeviceUse use;                                      ///< of all, since the start
    std::unordered_map<NodeId, DeviceUse> unsaved_use;  ///< of the current minute
    std::uint64_t next_load = 1;
    std::map<LeaseId, LiveLease> leases;
    std::unordered_map<JobId, OpenJob> jobs;
    std::vector<JobId> spending;    ///< jobs of which the scheduler is to hear what is left
    std::map<JobId, bool> opening;  ///< their input is being read; true: cancelled meanwhile
    std::deque<JobId> to_finish;    ///< all is settled and saved, their files are not written
    std::size_t finishers = 0;      ///< tasks that do so
    std::map<Sha256, OfferedModel> models;
    std::unordered_map<StreamId, LiveStream> streams;
    std::vector<store::EnginePackage> engines;
    GridCounters counters;

    /// The engine's error object while the scheduler hears of a rejected request.
    std::string rejection;
    std::vector<store::Acceptance> unsaved;
    core::SaveBacklog backlog;  ///< settlements of jobs and of online answers
    bool told_stalled = false;
    bool saving = false;
    std::size_t save_singly = 0;    ///< so many are saved one by one
    bool waiting_to_retry = false;  ///< the last write failed: not again before retry_timer
    std::map<std::string, std::string> unsaved_standings;
    bool saving_standings = false;
    Time standings_saved;

    // The node that is being welcomed: what its Welcome needs besides the scheduler's answer.
    std::uint32_t welcome_renew_after_s = 0;
    const store::EnginePackage* welcome_engine = nullptr;
    std::string welcome_policy;
};

}  // namespace gleaner::runtime
