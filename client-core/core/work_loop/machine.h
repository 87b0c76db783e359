#pragma once
/// What a node does with the work it is lent. Pure: no I/O, no clock; called from one thread.
/// Promises: an item is reported once per time it is lent, or its lease is handed back with it; no
/// item is started past its lease's deadline; streams start before items, which make room for them;
/// what is held is bounded by the windows announced; nothing starts after Reclaim or ShutDown. When
/// an engine crashes, the items it was given are tried once more, one at a time, so that only the
/// one that is to blame is reported.

#include <cstdint>
#include <memory>
#include <vector>

#include "client-core/core/work_loop/commands.h"
#include "client-core/core/work_loop/events.h"

namespace gleaner::work {

struct WorkLoopOptions {
    /// Requests given to an engine beyond its slots, so that a slot never waits for a round trip.
    std::uint32_t pipeline = 2;
    std::size_t results_per_frame_max = 64;
    std::size_t result_bytes_per_frame_max = 256u << 10;
    Duration results_delay_max = 5ms;  ///< a finished item waits this long for company
    /// Bodies of requests held, all models together. Windows are sized by it.
    std::size_t body_bytes_max = 64u << 20;
    /// Results kept while disconnected. Beyond it no further item is started.
    std::size_t result_bytes_max = 32u << 20;
    /// A result sent this shortly before the connection broke may not have arrived: it is sent
    /// again.
    Duration resend_window = 10s;
    std::size_t resend_bytes_max = 4u << 20;
    std::uint32_t window_items_per_slot = 512;
    std::uint32_t window_items_max = 8192;
};

/// Work that outlived a connection, for Hello.
struct HeldLease {
    LeaseId lease;
    std::vector<std::uint32_t>
        unfinished;  ///< ascending; includes what is done but not yet received
};

class WorkLoop {
public:
    explicit WorkLoop(WorkLoopOptions options);
    ~WorkLoop();
    WorkLoop(WorkLoop&&) noexcept;
    WorkLoop& operator=(WorkLoop&&) noexcept;

    /// Takes one event; returns what to do, in order.
    [[nodiscard]] std::vector<Command> on(Event event, Time now);

    /// Ascending by lease. Call between Disconnected and Connected.
    [[nodiscard]] std::vector<HeldLease> held() const;

    struct Counts {
        std::size_t leases = 0;
        std::size_t items = 0;  ///< unfinished
        std::size_t streams = 0;
        std::size_t running = 0;
        std::size_t body_bytes = 0;
        std::size_t results_waiting = 0;
    };
    [[nodiscard]] Counts counts() const;

    /// Aborts when an internal promise is broken: for tests and the simulator, after each event.
    void check_invariants() const;

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace gleaner::work
