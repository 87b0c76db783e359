#pragma once
/// The scheduler's inside, shared by its translation units. Not for others.
/// Nothing here is iterated in an order that depends on hashes or addresses.

#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "coordinator/core/scheduler/fair_share.h"
#include "coordinator/core/scheduler/job.h"
#include "coordinator/core/scheduler/node.h"
#include "coordinator/core/scheduler/scheduler.h"
#include "shared/util/random.h"

namespace gleaner::core {

enum class TimerKind : std::uint8_t {
    lease_deadline,
    node_grace,
    node_settle,
    job_deadline,
    stream_give_up,
    stream_deadline,
    slot_idle,
    slot_load,
    slot_backoff,
    retry_anywhere,
    outage_end,
    sweep,
};

/// Timers are checked against the state when they fire, so a stale one does nothing.
struct Timer {
    Time at;
    TimerKind kind = TimerKind::sweep;
    std::uint64_t subject = 0;  ///< lease, node, job sequence, stream
    std::uint64_t part = 0;     ///< model
    friend auto operator<=>(const Timer&, const Timer&) = default;
};

/// Work that the same nodes may do: one model, one pool of nodes.
struct QueueKey : Pool {
    Index model = nowhere;
    friend auto operator<=>(const QueueKey&, const QueueKey&) = default;
};

struct WorkQueue {
    Index index = nowhere;
    QueueKey key;
    FairShare items{100'000};  ///< of those with pending items, by tokens
    std::map<Index, std::map<std::uint64_t, Job*>> jobs;  ///< customer → jobs with pending items
    std::uint64_t pending = 0;
    FairShare answers{60'000};                  ///< of those with waiting streams, by milliseconds
    std::map<std::uint64_t, StreamId> waiting;  ///< streams, first come first
    std::map<Index, std::map<std::uint64_t, StreamId>> waiting_of;  ///< the same, by customer
    Index cursor = 0;                   ///< where the search for a node to load it goes on
    std::optional<Time> starved_since;  ///< demand, but no node has or loads the model

    [[nodiscard]] bool demanded() const { return pending > 0 || !waiting.empty(); }
};

/// Machines that work for one customer alone.
struct Reservation {
    Index index = nowhere;
    std::string id;
    Index device_class = nowhere;
    std::uint32_t wanted = 0;  ///< devices
    bool certified = false;
    bool open = false;
    std::set<Index> nodes;
    std::uint32_t devices = 0;  ///< that they have

    [[nodiscard]] bool short_of_devices() const { return open && devices < wanted; }
};

struct Stream {
    StreamId id;
    Customer* customer = nullptr;
    WorkQueue* queue = nullptr;
    std::vector<Index> avoid;     ///< sorted nodes
    std::set<Index> avoid_sites;  ///< theirs: rather not
    std::vector<Index> refused_by;
    Time give_up;
    std::uint64_t sequence = 0;  ///< place in the queue while it waits
    Node* node = nullptr;        ///< null: waits
    Slot* slot = nullptr;
    Time started;
    Time deadline;
    std::uint64_t charged_ms = 0;  ///< of its customer's share
};

struct Model {
    Index index = nowhere;
    Sha256 id;
    bool offered = false;
    std::uint64_t memory_bytes = 0;
    std::uint32_t slots = 8;
    std::uint32_t canaries = 0;
    ClassIndex<Index> ready;  ///< nodes that run it and may take work
    ClassIndex<Index> loading;
    ClassIndex<Index> hungry;  ///< ready, with credit, and nothing was found for them
    ClassIndex<Index> cached;  ///< connected, on disk, not in memory
    ClassIndex<StreamRank> for_streams;
    std::map<Index, std::uint32_t> ready_per_site;
    double tokens_per_s = 50;        ///< typical of its nodes
    double stream_seconds = 5;       ///< typical duration
    std::uint64_t stream_slots = 0;  ///< windows of ready nodes
    std::uint64_t waiting_streams = 0;
    Time streamed_at;  ///< last request
    bool streamed = false;
};

struct Scheduler::State {
    explicit State(SchedulerOptions options_) : options(options_), random(options_.seed) {
        next_lease = options.first_lease;
    }

    // scheduler.cpp
    void emit(Command command) { commands.push_back(std::move(command)); }
    void note(std::string text) { emit(Note{std::move(text)}); }
    [[nodiscard]] Index intern(std::unordered_map<std::string, Index>& table,
                               const std::string& text);
    Node& node_of(const NodeId& id);
    Model& model_of(const Sha256& id);
    Customer& customer_of(const CustomerId& id);
    void on(const CustomerWeighed& event);
    WorkQueue& queue_of(const Sha256& model, PrivacyClass privacy, const OwnerId& own_sites_of,
                        const std::string& reservation);
    [[nodiscard]] Node* find_node(const NodeId& id);
    [[nodiscard]] Slot& slot_of(Node& node, Index model);

    // timers.cpp
    void set_timer(Time at, TimerKind kind, std::uint64_t subject = 0, std::uint64_t part = 0);
    void clear_timer(Time at, TimerKind kind, std::uint64_t subject = 0, std::uint64_t part = 0);
    void on(const Tick& event);
    void fire(const Timer& timer);
    void arm();
    void need_sweep();
    void sweep();

    // nodes.cpp
    void on(const NodeJoined& event);
    void on(const NodeLeft& event);
    void on(const NodeDrained& event);
    void on(const CapacityChanged& event);
    void describe(Node& node, const NodeJoined& event);
    void resume_leases(Node& node, const NodeJoined& event);
    void detach(Node& node, FailureCause why);
    void settle_node(Node& node);
    void on_grace_over(Node& node);
    void reindex(Node& node);
    void reindex(Node& node, Slot& slot);
    void reindex_stream(Node& node, Slot& slot);
    [[nodiscard]] std::uint32_t credit(const Slot& slot) const;

    // reservations.cpp
    void on(const ReservationOpened& event);
    void on(const ReservationClosed& event);
    Reservation& reservation_of(const std::string& id);
    void look_at_reservation(const Node& node);
    void staff_reservations();
    void staff(Reservation& reservation);
    void release_surplus(Reservation& reservation);
    [[nodiscard]] Node* best_for(const Reservation& reservation);
    [[nodiscard]] bool may_serve(const Node& node, const Reservation& reservation) const;
    [[nodiscard]] std::uint32_t reservable_devices(const Node& node) const;
    [[nodiscard]] bool clear_of_others(const Node& node) const;
    void move(Node& node, Index reservation);
    [[nodiscard]] std::string nobody_there(const QueueKey& key) const;

    // outage.cpp
    void node_lost(Node& node);
    void node_returned(Node& node);
    void end_outage();
    void forget_losses(std::set<std::pair<Time, Index>>::iterator end);
    [[nodiscard]] bool lost_everywhere() const;
    void look_for_site_outage(const Node& node);
    [[nodiscard]] std::string name_of_site(Index site) const;

    // suspension.cpp
    void notice_suspension();

    // store_stall.cpp
    void on(const StoreStalled& event);
    void on(const StoreRecovered& event);

    // model_states.cpp
    void on(const ModelStateChanged& event);
    void on(const ModelOffered& event);
    void on(const ModelWithdrawn& event);
    void became_ready(Node& node, Slot& slot, const ModelStateChanged& event);
    void leave_memory(Node& node, Slot& slot);
    void back_off(Node& node, Slot& slot, Duration first);
    void on_load_overdue(Node& node, Slot& slot);
    void check_idle(Node& node, Slot& slot);
    void unload(Node& node, Slot& slot);
    void save_standing(KeptStanding& standing, Duration not_within);
    void restore(const std::string& key, const std::string& json);

    // loading.cpp
    void consider_loads(WorkQueue& queue);
    [[nodiscard]] Node* find_loader(WorkQueue& queue, const std::set<Index>& among,
                                    const std::vector<Index>& excluded, Index not_at);
    [[nodiscard]] Index only_site(const WorkQueue& queue) const;
    [[nodiscard]] std::vector<Index> excluded_owners(const WorkQueue& queue) const;
    [[nodiscard]] bool starves(const WorkQueue& queue, const std::vector<Index>& excluded) const;
    [[nodiscard]] bool eligible(const Node& node, const QueueKey& key) const;
    [[nodiscard]] bool device_serves(const Node& node, const Device& device) const;
    [[nodiscard]] bool has_idle_device(const Node& node) const;
    void consider_node(Node& node);
    bool load(Node& node, Model& model);
    [[nodiscard]] Index fitting_device(const Node& node, const Model& model, bool when_empty) const;
    [[nodiscard]] std::uint64_t used_memory(const Node& node, Index device) const;
    bool evict_for(Node& node, const Model& model);
    [[nodiscard]] bool is_demanded(const Node& node, Index model);
    [[nodiscard]] bool wants_node(const WorkQueue& queue, bool cached) const;
    [[nodiscard]] bool could_load(const Node& node, const Model& model) const;
    void relieve(WorkQueue& queue);
    void retire_if_free(Node& node, Slot& slot);
    [[nodiscard]] std::vector<WorkQueue*> queues_for(const Node& node, Index model);
    [[nodiscard]] double backlog_seconds(const WorkQueue& queue, std::size_t workers) const;

    // work_queues.cpp
    void add_pending(Job& job, std::uint64_t count);
    void remove_pending(Job& job, std::uint64_t count);
    void place(Job& job, std::uint32_t item);
    void unplace(Job& job, std::uint32_t item, ItemState& state);
    void push(WorkQueue& queue);

    // jobs.cpp
    void on(const JobOpened& event);
    void on(const JobCancelled& event);
    void end_job(Job& job, JobDrained how, const std::string& why);
    void drain_if_done(Job& job);

    // job_limits.cpp
    void on(const JobHeld& event);
    void on(const JobReleased& event);
    void on(const JobLimited& event);
    void end_exhausted();

    // forecast.cpp
    [[nodiscard]] Forecast forecast(const ForecastQuestion& question) const;

    // shards.cpp
    bool feed(Node& node, Slot& slot);
    bool lend(Node& node, Slot& slot);
    bool lend_from(Job& job, Node& node, Slot& slot, std::uint32_t room);
    bool probe(Node& node, Slot& slot);
    [[nodiscard]] bool wants_work(const Slot& slot) const;
    [[nodiscard]] std::uint32_t fits_before_deadline(const Job& job, const Slot& slot) const;
    [[nodiscard]] std::uint32_t shard_size(const Job& job, const Slot& slot,
                                           std::uint32_t room) const;
    std::vector<Lease::Entry> take_items(Job& job, Node& node, Slot& slot, std::uint32_t count);
    void take_retries(Job& job, Node& node, Slot& slot, std::uint32_t count,
                      std::uint32_t& may_begin, std::vector<Lease::Entry>& out);
    [[nodiscard]] std::uint32_t canaries_for(const Slot& slot, std::uint32_t items);
    void hide_canaries(const Model& model, std::uint32_t count, std::vector<Lease::Entry>& entries);
    void send_lease(Job& job, Node& node, Slot& slot, std::vector<Lease::Entry> entries);

    // leases.cpp
    void on(const ItemFinished& event);
    void on(const LeaseReturned& event);
    void release(Lease& lease, std::uint32_t index, std::uint64_t used_tokens);
    void end_lease_if_done(Lease& lease);
    void return_entry(Lease& lease, std::uint32_t index);
    void return_lease(Lease& lease);
    void return_all(Node& node);
    void revoke(Lease& lease, const std::string& reason, LossCause loss);
    void on_lease_expired(Lease& lease);
    void observe(Lease& lease, const ItemFinished& event);

    // item_outcomes.cpp
    void canary_finished(Lease& lease, std::uint32_t index, const ItemFinished& event);
    void accept(Lease& lease, std::uint32_t index, const ItemFinished& event);
    void fail(Lease& lease, std::uint32_t index, FailureCause cause, const std::string& detail);
    void weigh_replicas(Job& job, std::uint32_t item);
    void settle(Job& job, std::uint32_t item, SettleItem command);
    void settle_failed(Job& job, std::uint32_t item, FailureCause cause, const std::string& reason);
    void forget_state(Job& job, std::uint32_t item, const std::vector<SettleItem::Produced>& kept,
                      Index done_by);
    void resolve(std::uint64_t incident, bool managed);
    [[nodiscard]] bool rejection_stands(const Job& job, std::uint32_t item,
                                        const Lease& lease) const;
    std::uint64_t incident_for(Lease& lease, FailureCause cause);
    void check_failed(Node& node, Slot& slot, KeptStanding& standing);
    void drop_distrusted();
    [[nodiscard]] std::uint32_t attempts_limit(const Job& job) const;
    [[nodiscard]] std::size_t owners_for(const WorkQueue& queue) const;

    // streams.cpp
    void on(const StreamRequested& event);
    void on(const StreamFinished& event);
    void on(const StreamAbandoned& event);
    bool start_stream(Stream& stream);
    [[nodiscard]] bool may_start(const Stream& stream) const;
    void refuse_hopeless(WorkQueue& queue);
    void refuse_waiting(Stream& stream, std::string reason);
    void start_on(Stream& stream, Node& node, Slot& slot);
    void serve_waiting(Node& node, Slot& slot);
    [[nodiscard]] Stream* next_stream(const Node& node, Index model);
    [[nodiscard]] Stream* first_for(WorkQueue& queue, Index customer, const Node& node);
    void stop_waiting(Stream& stream);
    void free_slot(Stream& stream);
    void erase_stream(StreamId id);
    void blame_refusals(const Stream& stream);
    void interrupt_all(Node& node, FailureCause cause);
    void refuse(StreamId stream, const Model& model, std::string reason, bool never);
    void on_give_up(Stream& stream);
    void on_overdue(Stream& stream);
    [[nodiscard]] Duration retry_after(const Model& model) const;

    // invariants.cpp
    void check() const;

    SchedulerOptions options;
    Random random;
    Time now;
    std::vector<Command> commands;

    std::unordered_map<std::string, Index> node_names, model_names, customer_names, site_names,
        owner_names, class_names, reservation_names;
    std::deque<Node> nodes;
    std::deque<Model> models;
    std::deque<Customer> customers;
    std::deque<Reservation> reservations;
    std::set<Index> unstaffed;  ///< reservations to be looked at when this event is over
    std::set<Index> lacking;    ///< reservations that are short of devices
    std::map<QueueKey, Index> queue_names;
    std::deque<WorkQueue> queues;
    std::map<std::string, KeptStanding> standings;

    std::map<std::uint64_t, Job> jobs;  ///< by sequence
    std::unordered_map<JobId, std::uint64_t> job_names;
    std::unordered_map<LeaseId, Lease> leases;
    std::set<std::pair<LeaseId, std::uint32_t>> held_results;
    std::map<std::uint64_t, Incident> incidents;
    std::unordered_map<StreamId, Stream> streams;
    std::set<Index> demanded;                   ///< queues with demand
    std::set<std::uint64_t> perhaps_exhausted;  ///< limited jobs that this event touched
    std::set<std::pair<Index, Index>> fallen;   ///< (node, model) distrusted during this event
    ClassIndex<Index> idle;                     ///< able nodes that hold no work
    std::set<Index> owners_seen;                ///< of nodes that ever joined
    std::set<Index> certified_owners_seen;      ///< those with a certified site
    ClassIndex<Index> online;                   ///< connected nodes with an engine, paused ones too
    std::multiset<std::uint64_t> memory_of_nodes;  ///< largest device of each node seen

    std::set<Timer> timers;
    std::optional<Time> armed;
    Time last_event;
    bool sweeping = false;

    struct SiteNodes {
        std::uint32_t connected = 0;
        std::uint32_t lost = 0;  ///< of `losses`
        bool down = false;       ///< all lost together
    };
    std::set<std::pair<Time, Index>> losses;  ///< within outage_window
    std::unordered_map<Index, SiteNodes> sites;
    Index worst_site = nowhere;  ///< of `losses` the most
    std::uint64_t site_outages = 0;
    std::size_t outage_size = 0;
    std::set<Index> lost_in_outage;
    std::optional<Time> outage_until;
    std::uint64_t connected = 0;
    bool stalled = false;         ///< the store cannot keep results
    std::optional<Time> started;  ///< the first event
    bool restarted = false;       ///< standings of an earlier life were restored

    std::size_t spread_over = 0;  ///< hungry nodes that share a job's last items now; 0: all ready
    std::uint64_t next_lease = 1;
    std::uint64_t next_job = 1;
    std::uint64_t next_incident = 1;
    std::uint64_t next_waiting = 1;
    std::uint64_t pending_items = 0;
    std::uint64_t lent_items = 0;
    std::uint64_t running_streams = 0;
};

}  // namespace gleaner::core
