#pragma once
/// The live grid: turns node frames and API calls into scheduler events, and its commands into
/// frames and store calls. Decides nothing itself. Single-threaded: every call on the network
/// thread's executor. Gateway and API know only this header.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <openssl/types.h>

#include "coordinator/core/scheduler/scheduler.h"
#include "coordinator/store/records.h"
#include "shared/util/result.h"

namespace gleaner::wire {
class Hello;
class ToCoordinator;
class ToNode;
class StreamEnd;
}  // namespace gleaner::wire

namespace gleaner::store {
class Blobs;
class StoreExecutor;
}  // namespace gleaner::store

namespace gleaner::runtime {

/// The way to one connected node; owned by its gateway session.
class NodeLink {
public:
    virtual ~NodeLink() = default;
    /// Queues a frame. A link whose queue is over its bound closes itself.
    virtual void send(const wire::ToNode& message) = 0;
    /// Ends the session soon; node_left follows.
    virtual void close(std::string_view reason) = 0;
    /// Of the certificate that the node showed; borrowed.
    [[nodiscard]] virtual EVP_PKEY* public_key() const = 0;
};

/// Receives what happens to one stream; owned by the API's request. Called on the network thread,
/// never from inside open_stream().
class StreamSink {
public:
    virtual ~StreamSink() = default;
    /// `trusted`: by recent checks of this node with this model.
    virtual void on_started(const NodeId& node, bool trusted) = 0;
    /// One engine event (JSON of a streamed chunk). `generated_tokens`: by this node so far.
    virtual void on_delta(std::string_view data, std::uint32_t generated_tokens) = 0;
    /// The node is done. `body`: the whole reply of a non-streaming request. Returns what the
    /// verifier says of the answer.
    [[nodiscard]] virtual core::Verdict on_end(const wire::StreamEnd& end) = 0;
    /// The node is gone or failed through no fault of the request. The stream is over; open another
    /// one that avoids `node` to go on. `device_micros`: its share of the device until then.
    virtual void on_interrupted(const NodeId& node, core::FailureCause cause,
                                std::uint64_t device_micros) = 0;
    /// Never started: no node can take it.
    virtual void on_refused(const Error& error, Duration retry_after) = 0;
};

enum class Endpoint : std::uint8_t { chat_completions, completions, embeddings };

struct StreamRequest {
    CustomerId customer;
    std::int32_t weight = store::customer_weight_usual;  ///< the customer's
    OwnerId own_sites_of;
    store::Model model;
    PrivacyClass privacy = PrivacyClass::any;
    std::string reservation = {};  ///< the contract on whose machines it runs; empty: shared ones
    Endpoint endpoint = Endpoint::chat_completions;
    std::string body;                ///< for the engine, JSON
    std::vector<NodeId> avoid;       ///< nodes that failed it; others of their sites come last
    std::vector<NodeId> refused_by;  ///< of them, those that refused it
    Duration give_up_after = std::chrono::seconds(30);  ///< refuse when it cannot start by then
};

/// Who a node is, for meter records and receipts.
struct NodeFacts {
    NodeId node;
    SiteId site;
    OwnerId owner;
    bool site_certified = false;
    std::string device_class;
    /// What its devices give, in thousandths of a reference device: see core/metering.
    std::int64_t reference_permille = 0;
};

/// Why a node does less than it could, in its own words.
struct NodeTrouble {
    std::string paused_reason;                          ///< empty: not paused, or it did not say
    std::map<std::string, std::string> paused_devices;  ///< that its owner uses, and why
    std::map<Sha256, std::string> failed_models;        ///< since when it last had them in memory
};

/// Why an open job does not just work, or will end early.
struct JobNote {
    std::string status;  ///< "running", "waiting_for_price", "max_price_reached"
    std::string text;    ///< a sentence; empty: nothing to say
};

struct GridCounters {
    std::uint64_t items_accepted = 0;
    std::uint64_t items_failed = 0;
    std::uint64_t items_returned = 0;
    std::uint64_t results_refused = 0;  ///< by the verifier
    std::uint64_t canaries_passed = 0;
    std::uint64_t canaries_missed = 0;
    std::uint64_t leases_sent = 0;
    std::uint64_t store_stalls = 0;  ///< times that the store was too slow or could not write
    std::uint64_t streams_started = 0;
    std::uint64_t streams_interrupted = 0;
    std::uint64_t prompt_tokens = 0;
    std::uint64_t generated_tokens = 0;
    // Benchmark reports by what was thought of them; a repeated one counts once.
    std::uint64_t benchmarks_unknown = 0;
    std::uint64_t benchmarks_plausible = 0;
    std::uint64_t benchmarks_too_good = 0;
    std::uint64_t benchmarks_too_poor = 0;
    std::uint64_t benchmarks_refused = 0;
};

class Grid {
public:
    struct Options {
        core::SchedulerOptions scheduler;
        Duration heartbeat_interval = std::chrono::seconds(15);
        /// How often the devices on offer are counted.
        Duration offered_interval = std::chrono::minutes(1);  ///< and their use written down
        std::string currency = "¥";  ///< the sign that stands before amounts
    };

    Grid(Options options, const Clock& clock, store::StoreExecutor& store, store::Blobs& blobs,
         boost::asio::any_io_executor executor);
    ~Grid();

    /// Takes up models, standings and open jobs from the store. Once, before nodes are let in.
    boost::asio::awaitable<Status> start();
    /// Stops timers and lets queued settlements reach the store.
    boost::asio::awaitable<void> stop();

    // ---- Gateway ----
    /// A session began. An older link of the same node is closed first. Sends the Welcome.
    void node_joined(const store::Node& node, const wire::Hello& hello, NodeLink& link,
                     std::uint32_t certificate_renew_after_s);
    /// One validated frame (Hello, RenewRequest and Heartbeat are the gateway's own).
    void node_said(const NodeId& node, wire::ToCoordinator&& message);
    /// The session of `link` ended. Ignored when another link has replaced it.
    void node_left(const NodeId& node, const NodeLink& link, core::LeaveCause cause);

    // ---- Operators ----
    /// Revoked: cuts the node off now. The store has been told already.
    void cut_off(const NodeId& node, std::string_view reason);
    /// Tells the site's connected nodes; others learn of it when they come.
    void site_policy(const SiteId& site, const std::string& policy);
    void drain(const NodeId& node, std::string_view reason);
    void model_added(const store::Model& model, std::vector<store::Canary> canaries);
    void model_removed(const store::Model& model);
    void engine_added(const store::EnginePackage& engine);
    /// Its weight changed: counts from now on, for what runs and waits too.
    void customer_weighed(const CustomerId& customer, std::int32_t weight);
    /// Machines were reserved or are no longer: reads from the store which are.
    void reservations_changed();
    /// Connected devices that may work, by class, reserved ones too.
    [[nodiscard]] std::map<std::string, std::int64_t> devices_on_offer() const;
    [[nodiscard]] std::vector<core::Scheduler::NodeView> nodes() const;
    /// Nothing for a node that has no session.
    [[nodiscard]] NodeTrouble trouble(const NodeId& node) const;
    [[nodiscard]] core::Scheduler::Totals totals() const;
    [[nodiscard]] const GridCounters& counters() const;
    /// Of all devices since the start, up to the last time that it was counted.
    [[nodiscard]] const DeviceUse& use() const;

    // ---- Customers ----
    /// A job that the store has admitted. Its input file is read as items are leased.
    void open_job(const store::Job& job);
    void cancel_job(const JobId& job);
    /// Settled so far, including what the store has not yet committed.
    [[nodiscard]] std::optional<store::JobCounts> live_counts(const JobId& job) const;
    /// Nothing for a job that is not open here.
    [[nodiscard]] std::optional<JobNote> job_note(const JobId& job) const;
    [[nodiscard]] core::Forecast forecast(const core::ForecastQuestion& question) const;
    /// Tokens of recent answers, by model; those that have answered nothing yet are missing.
    [[nodiscard]] std::map<Sha256, double> typical_answers() const;
    /// The largest device of any node seen; 0: no node was seen yet.
    [[nodiscard]] std::uint64_t largest_memory() const;
    /// Is any node able to run it now or soon?
    [[nodiscard]] bool model_available(const Sha256& model) const;

    /// Places one online request. `sink` must live until on_end, on_interrupted, on_refused or
    /// close_stream().
    [[nodiscard]] StreamId open_stream(StreamRequest request, StreamSink& sink);
    /// The customer went away: the node is told to stop. No call to the sink follows. Returns the
    /// stream's share of the device's time so far, in micros.
    [[nodiscard]] std::uint64_t close_stream(StreamId stream);
    [[nodiscard]] std::optional<NodeFacts> facts(const NodeId& node) const;

    // ---- The store's backlog: online answers are saved by the API and counted here ----
    void settlement_queued();
    void settlement_saved();
    /// `tried_again`: the store cannot write now, so that it still waits; else it is given up.
    void settlement_failed(bool tried_again);
    /// Why nothing new is admitted or lent now; nothing while the store keeps up.
    [[nodiscard]] std::optional<std::string> stalled() const;
    [[nodiscard]] std::size_t unsaved() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gleaner::runtime
