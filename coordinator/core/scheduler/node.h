#pragma once
/// What the scheduler knows of a node and of each model on it.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "coordinator/core/scheduler/class_index.h"
#include "coordinator/core/trust/standing.h"
#include "shared/model/ids.h"

namespace gleaner::core {

struct Device {
    std::string id;
    std::string kind;
    std::string name;
    std::string driver;
    std::uint64_t memory_bytes = 0;
    Index loading = nowhere;  ///< the one model on its way into this device
    bool paused = false;      ///< its owner uses it
};

/// A standing and what is known of its copy in the store.
struct KeptStanding : Standing {
    std::string key;
    Time saved;
    bool dirty = false;
};

/// Order in which nodes are given streams: least busy, most trusted, fastest first.
struct StreamRank {
    std::uint32_t load = 0;   ///< running per slot, in 1/1024; more where the node leaves soon
    std::uint32_t doubt = 0;  ///< ten steps of missing trust
    std::uint32_t slowness = 0;
    Index node = nowhere;
    friend auto operator<=>(const StreamRank&, const StreamRank&) = default;
};

/// A model on a node.
///
///     absent ──LoadModel──▶ loading ──▶ ready ──UnloadModel──▶ unloading ──▶ absent
///        ▲                     │failed            (all may fall back to absent at any time)
///        └──── backoff ◀───────┘
struct Slot {
    enum class Phase : std::uint8_t { absent, loading, ready, unloading };

    Index model = nowhere;
    Phase phase = Phase::absent;
    bool cached = false;      ///< complete on the node's disk
    Index device = nowhere;   ///< position in Node::devices, when loading or ready
    std::uint32_t slots = 1;  ///< parallel sequences of its engine
    std::uint32_t window_items = 0;
    std::uint32_t window_streams = 0;

    std::uint32_t outstanding = 0;  ///< items lent and unfinished, canaries included
    std::uint64_t work = 0;         ///< their estimated tokens
    std::uint32_t suspects = 0;     ///< of them, items that failed elsewhere
    std::uint32_t streams = 0;
    bool retiring = false;             ///< makes room for a model that starves
    KeptStanding* standing = nullptr;  ///< set when ready

    Time progress;  ///< last moment that counted into the speed
    Time ready_at;
    Time used_at;
    Time load_give_up;
    Time backoff_until;
    std::uint32_t failures = 0;  ///< in a row: loads and leases handed back
    Time stream_backoff_until;
    std::uint32_t stream_failures = 0;
    Time probe_at;               ///< a distrusted node's next chance
    std::uint64_t incident = 0;  ///< failures that came together, see Incident
    Time incident_at;

    // Which indexes it is in.
    bool counted = false;  ///< in Model::ready
    bool loading_counted = false;
    bool cached_counted = false;
    bool hungry = false;
    std::uint32_t counted_streams = 0;
    std::optional<StreamRank> rank;
};

struct Node {
    Index index = nowhere;
    NodeId id;
    Index site = nowhere;
    Index owner = nowhere;
    Index device_class = nowhere;
    Index reservation = nowhere;  ///< works for it alone
    bool moving = false;          ///< from one pool to another: in no index
    bool certified = false;
    bool connected = false;
    bool paused = false;
    bool draining = false;
    bool leaves_soon = false;
    bool online = false;   ///< in State::online
    bool settled = false;  ///< has said, in this session, what it runs
    bool idle = false;     ///< in State::idle
    std::string engine;
    std::string backend;  ///< the engine's kind of device
    std::vector<Device> devices;
    std::uint64_t memory_max = 0;
    std::map<Index, Slot> slots;  ///< by model; never erased
    std::set<LeaseId> leases;
    std::set<StreamId> streams;
    Time lost_at;
    Time grace_until;  ///< lost: its leases wait until then

    [[nodiscard]] bool able() const {
        return connected && !paused && !draining && settled && !moving && !engine.empty();
    }
};

}  // namespace gleaner::core
