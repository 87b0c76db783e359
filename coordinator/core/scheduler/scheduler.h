#pragma once
/// Lends shards to nodes and takes them back; places streams. Pure: no I/O, no clock, no thread.
/// Promises: an item is settled once; an item (replica) is in at most one live lease per site;
/// every lease ends by its deadline plus grace; the same events, times and seed give the same
/// commands.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/scheduler/commands.h"
#include "coordinator/core/scheduler/events.h"
#include "coordinator/core/scheduler/forecast.h"

namespace gleaner::core {

struct SchedulerOptions {
    Duration shard_target = std::chrono::seconds(45);  ///< a shard should take this long
    Duration refill_below = std::chrono::seconds(10);  ///< lend the next shard when less is left
    std::uint32_t shard_items_max = 2'000;
    std::uint32_t attempts_max = 4;                       ///< tries before an item fails as poison
    Duration reconnect_grace = std::chrono::seconds(10);  ///< a lost node's leases wait this long
    Duration outage_pause = std::chrono::seconds(30);  ///< mass loss: no re-leasing for this long
    double outage_share = 0.5;                         ///< of the nodes lost within outage_window
    std::uint32_t outage_nodes_min = 5;
    Duration outage_window = std::chrono::seconds(15);
    double canary_share = 0.02;  ///< of items, more for new nodes
    Duration model_idle_unload = std::chrono::seconds(300);
    std::uint32_t stream_queue_max = 2'000;                ///< streams waiting for one model
    Duration stream_deadline = std::chrono::seconds(600);  ///< a stream ends by then
    std::uint64_t first_lease = 1;                         ///< (epoch << 40) + 1
    std::uint64_t seed = 1;
};

class Scheduler {
public:
    explicit Scheduler(SchedulerOptions options);
    ~Scheduler();

    /// Takes one event; returns what to do, in order.
    [[nodiscard]] std::vector<Command> on(const Event& event, Time now);

    /// Puts back what SaveStanding kept, before the first node joins.
    void restore_standing(const std::string& key, const std::string& json);

    /// Aborts when an internal promise is broken: for tests and the simulator, after each event.
    void check_invariants() const;

    /// The largest device that an engine serves on any node seen; 0: no node was seen yet.
    [[nodiscard]] std::uint64_t largest_memory() const;

    /// Changes nothing.
    [[nodiscard]] Forecast forecast(const ForecastQuestion& question) const;

    struct NodeView {
        NodeId node;
        bool connected = false;
        bool paused = false;
        bool draining = false;
        std::string reservation;  ///< that it works for alone; empty: for everybody
        std::uint32_t outstanding_items = 0;
        std::uint32_t running_streams = 0;
        std::vector<Sha256> ready_models;
        double trust = 0;         ///< least over its standings, [0,1]
        double tokens_per_s = 0;  ///< observed
        std::uint32_t quota = 0;  ///< items it may hold by its standing
    };
    [[nodiscard]] std::vector<NodeView> nodes() const;

    /// A node that works for a reservation, once it is done with what it had of others.
    struct Dedicated {
        std::string reservation;
        NodeId node;
        std::uint32_t devices = 0;
    };
    [[nodiscard]] std::vector<Dedicated> dedicated() const;

    struct Totals {
        std::uint64_t connected_nodes = 0;
        std::uint64_t pending_items = 0;
        std::uint64_t leased_items = 0;
        std::uint64_t live_leases = 0;
        std::uint64_t running_streams = 0;
        std::uint64_t waiting_streams = 0;
        bool outage_suspected = false;
        std::uint64_t site_outages = 0;  ///< sites that lost all nodes at once, ever
        bool store_stalled = false;
    };
    [[nodiscard]] Totals totals() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gleaner::core
