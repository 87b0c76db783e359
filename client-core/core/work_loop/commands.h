#pragma once
/// What the work loop wants done, in order. Send… commands come only while connected.

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "client-core/core/work_loop/types.h"

namespace gleaner::work {

/// Give a request to the engine of `model`; RunEnded is to follow unless it is cancelled.
struct StartRun {
    RunId run;
    Sha256 model;
    Endpoint endpoint = Endpoint::chat_completions;
    std::string body;
    StreamId stream;  ///< set: relay its events as deltas of this stream
};

/// Stop it; its RunEnded, if one still comes, is ignored.
struct CancelRun {
    RunId run;
};

struct SendResults {
    struct Result {
        LeaseId lease;
        std::uint32_t index = 0;
        Outcome outcome;
    };
    std::vector<Result> results;
};

struct SendLeaseReturn {
    LeaseId lease;
    std::vector<std::uint32_t> unfinished;
    Failure reason;
};

struct SendStreamEnd {
    StreamId stream;
    Outcome outcome;
};

struct SendCapacity {
    struct Window {
        Sha256 model;
        std::uint32_t items = 0;
        std::uint32_t streams = 0;
        friend bool operator==(const Window&, const Window&) = default;
    };
    std::vector<Window> windows;
    bool paused = false;
    std::string paused_reason;
    std::map<std::string, std::string> paused_devices;  ///< and why
    IdleForecast idle_forecast = IdleForecast::unknown;
    friend bool operator==(const SendCapacity&, const SendCapacity&) = default;
};

/// Deliver a Tick at `at`; replaces an earlier Wake.
struct Wake {
    Time at;
};

/// ShutDown is complete: nothing runs, nothing is held, everything has been handed to Send….
struct ShutDownComplete {};

using Command = std::variant<StartRun, CancelRun, SendResults, SendLeaseReturn, SendStreamEnd,
                             SendCapacity, Wake, ShutDownComplete>;

}  // namespace gleaner::work
