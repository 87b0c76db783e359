#pragma once
/// What the work loop is told.

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "client-core/core/work_loop/types.h"

namespace gleaner::work {

/// Welcome has come. Of the held leases only those in `keep` are still this node's.
struct Connected {
    std::vector<LeaseId> keep;
};

struct Disconnected {};

/// Part of a lease; `last` ends it.
struct LeaseReceived {
    struct Item {
        std::uint32_t index = 0;
        Endpoint endpoint = Endpoint::chat_completions;
        std::string body;
    };
    LeaseId lease;
    Sha256 model;
    Duration deadline{};  ///< from now
    std::vector<Item> items;
    bool last = true;
};

struct LeaseRevoked {
    LeaseId lease;
};

struct StreamReceived {
    StreamId stream;
    Sha256 model;
    Endpoint endpoint = Endpoint::chat_completions;
    std::string body;
    Duration deadline{};  ///< from now
};

struct StreamCancelled {
    StreamId stream;
};

/// A request in the engine ended by itself, well or badly.
struct RunEnded {
    RunId run;
    Outcome outcome;
};

/// The model is on its way: work for it may wait here.
struct ModelLoading {
    Sha256 model;
};

struct ModelReady {
    Sha256 model;
    std::string device;
    std::uint32_t slots = 1;
    /// Items beyond the slots wait in the engine, so that no slot is ever empty.
    bool ahead = true;
};

/// The model will not run (any more); work for it is handed back with this reason.
struct ModelGone {
    Sha256 model;
    Failure reason;
};

/// The coordinator: finish what is held, take nothing new.
struct Drain {
    std::string reason;
};

/// The owner's policy: nothing new now; what is held goes on.
struct Pause {
    std::string reason;
};
struct Resume {};

/// The owner wants the machine now: everything stops at once and is handed back.
struct Reclaim {
    std::string reason;
};

/// What the owner's use leaves of the machine: nothing new is wanted on these devices, and for so
/// long it will probably stay free. Replaces what was said before.
struct Prospects {
    std::map<std::string, std::string> paused_devices;  ///< and why
    IdleForecast idle_forecast = IdleForecast::unknown;
};

/// The program ends: running requests get `grace`, the rest is handed back.
struct ShutDown {
    Duration grace{};
};

/// The time of a Wake has come.
struct Tick {};

using Event = std::variant<Connected, Disconnected, LeaseReceived, LeaseRevoked, StreamReceived,
                           StreamCancelled, RunEnded, ModelLoading, ModelReady, ModelGone, Drain,
                           Pause, Resume, Reclaim, Prospects, ShutDown, Tick>;

}  // namespace gleaner::work
