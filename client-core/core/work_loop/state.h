#pragma once
/// The work loop's state and its steps, for the .cpp files of this folder.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client-core/core/work_loop/machine.h"

namespace gleaner::work {

struct Item {
    Endpoint endpoint = Endpoint::chat_completions;
    std::string body;      ///< kept while it runs: it may have to make room for a stream
    RunId run;             ///< empty: queued
    bool suspect = false;  ///< the engine crashed while it ran: next time it runs alone
};

struct Lease {
    Sha256 model;
    Time deadline;
    bool whole = false;                   ///< its last part has come
    Failure refused;                      ///< set: handed back as soon as it is whole
    std::map<std::uint32_t, Item> items;  ///< unfinished
    std::set<std::uint32_t> unsent;       ///< finished; the results wait in State::waiting
    std::set<std::uint32_t> resendable;   ///< sent a moment ago; kept in State::sent
    [[nodiscard]] bool over() const {
        return whole && items.empty() && unsent.empty() && resendable.empty();
    }
};

struct Stream {
    Sha256 model;
    Endpoint endpoint = Endpoint::chat_completions;
    std::string body;
    Time deadline;
    RunId run;  ///< empty: waits for a slot
};

struct QueuedItem {
    LeaseId lease;
    std::uint32_t index = 0;
};

struct ModelWork {
    bool ready = false;
    std::string device;
    std::uint32_t slots = 0;
    std::uint32_t ahead = 0;       ///< items in the engine beyond the slots
    std::uint32_t slots_most = 0;  ///< ever: streams go on when there are fewer
    std::deque<QueuedItem> queue;
    std::deque<StreamId> waiting_streams;
    std::set<RunId> running_items;  ///< the youngest is the greatest
    std::set<RunId> running_streams;
};

struct Run {
    Sha256 model;
    std::string device;
    LeaseId lease;  ///< of an item
    std::uint32_t index = 0;
    StreamId stream;  ///< of a stream
    double share_at_start = 0;
    [[nodiscard]] bool is_stream() const { return !stream.empty(); }
};

/// Divides a device's busy time among the requests that run on it at the same time: `share` is the
/// integral of 1/running over time, so what a request gets is the difference over its life, and all
/// shares together are exactly the time in which anything ran. Micros.
struct DeviceTime {
    std::uint32_t running = 0;
    double share = 0;
    Time since;
    void advance(Time now);
};

struct SentResult {
    Time at;
    SendResults::Result result;
};

struct WorkLoop::State {
    explicit State(WorkLoopOptions o) : options(o) {}

    // ---- machine.cpp: one handler an event ----
    void handle(Connected& event);
    void handle(Disconnected& event);
    void handle(LeaseReceived& event);
    void handle(LeaseRevoked& event);
    void handle(StreamReceived& event);
    void handle(StreamCancelled& event);
    void handle(RunEnded& event);
    void handle(ModelLoading& event);
    void handle(ModelReady& event);
    void handle(ModelGone& event);
    void handle(Drain& event);
    void handle(Pause& event);
    void handle(Resume& event);
    void handle(Reclaim& event);
    void handle(Prospects& event);
    void handle(ShutDown& event);
    void handle(Tick& event);
    void settle();  ///< after every event: deadlines, starts, flush, capacity, wake
    void accept_items(LeaseId id, Lease& lease, std::vector<LeaseReceived::Item>& items);
    [[nodiscard]] Failure refusal(const Sha256& model) const;

    // ---- running.cpp ----
    void start_work();
    void start_streams(const Sha256& name, ModelWork& model);
    void start_items(const Sha256& name, ModelWork& model);
    void put_back_items(ModelWork& model, std::size_t running_max);
    [[nodiscard]] bool suspect_runs(const ModelWork& model) const;
    /// True: the item is tried again instead of being reported.
    [[nodiscard]] bool give_second_chance(const Run& run, const Outcome& outcome);
    [[nodiscard]] RunId begin_run(Run run);
    /// Takes the run out of all books; returns it with its share of the device's time.
    [[nodiscard]] std::optional<std::pair<Run, std::uint64_t>> end_run(RunId id);
    void cancel_run(RunId id);
    void drop_lease(LeaseId id);
    void erase_if_over(LeaseId id);
    void take_out(Lease& lease, std::uint32_t index);
    void return_lease(LeaseId id, const Failure& reason);
    void end_stream(StreamId id, Outcome outcome);
    void expire(Time until);
    void stop_everything(const Failure& reason);

    // ---- outbound.cpp ----
    void keep_result(LeaseId lease, std::uint32_t index, Outcome outcome);
    void flush_results(bool all);
    void requeue_sent();
    void forget_sent();
    void drop_results_of(LeaseId lease);
    void finish_shut_down();
    void ask_for_wake();
    [[nodiscard]] std::optional<Time> next_wake() const;

    // ---- capacity.cpp ----
    [[nodiscard]] SendCapacity capacity() const;
    void announce_capacity();

    /// Why nothing new is taken now; empty: it is.
    [[nodiscard]] std::string closed_because() const;
    [[nodiscard]] bool stopping() const { return reclaimed || shutting_down; }

    WorkLoopOptions options;
    Time now;
    std::vector<Command> out;

    bool connected = false;
    bool draining = false;       ///< the coordinator's wish, for this session
    bool paused = false;         ///< the owner's policy
    bool reclaimed = false;      ///< until Resume
    bool shutting_down = false;  ///< for good
    bool shut_down = false;
    std::string drain_reason;
    std::string pause_reason;
    Prospects prospects;
    Time shut_down_at;

    std::map<Sha256, ModelWork> models;
    std::map<LeaseId, Lease> leases;
    std::map<StreamId, Stream> streams;
    std::map<RunId, Run> runs;
    std::map<std::string, DeviceTime> devices;
    std::uint64_t next_run = 1;

    std::deque<SendResults::Result> waiting;  ///< results to be sent
    std::size_t waiting_bytes = 0;
    Time waiting_since;
    bool flush_now = false;  ///< a lease is complete: nothing more to wait for
    std::deque<SentResult> sent;
    std::size_t sent_bytes = 0;

    std::size_t body_bytes = 0;
    double mean_body_bytes = 1024;
    std::optional<SendCapacity> announced;
    std::optional<Time> wake;
};

}  // namespace gleaner::work
