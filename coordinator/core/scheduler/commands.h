#pragma once
/// What the scheduler wants done. The runtime executes commands in order and decides nothing.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/core/types.h"
#include "shared/model/device_use.h"

namespace gleaner::core {

/// Answers NodeJoined: leases and streams that the node may go on with; all others are void.
struct WelcomeNode {
    NodeId node;
    std::vector<LeaseId> keep;
};

struct LeaseItem {
    std::uint32_t item = 0;  ///< index in the job, or number of the canary
    bool canary = false;
};

/// Lends a shard: the position in `items` is the index within the lease.
struct SendLease {
    NodeId node;
    LeaseId lease;
    JobId job;
    Sha256 model;
    Duration deadline{};  ///< from now
    std::vector<LeaseItem> items;
};

struct RevokeLease {
    NodeId node;
    LeaseId lease;
    std::string reason;
    LossCause loss = LossCause::cancelled;  ///< what the device's time for the rest is lost to
};

struct LoadModel {
    NodeId node;
    Sha256 model;
    std::string device;
};

struct UnloadModel {
    NodeId node;
    Sha256 model;
};

/// Settle an item for good. Accepted: `results` holds who produced what, the first one's body is
/// the answer, each is paid. Failed: `results` is empty and cause and reason say why.
struct SettleItem {
    struct Produced {
        NodeId node;
        LeaseId lease;
        std::uint32_t index = 0;  ///< within the lease
    };
    JobId job;
    std::uint32_t item = 0;
    std::vector<Produced> results;
    bool verified = false;  ///< replicas agreed, or the node is trusted by recent canaries
    std::uint32_t attempts = 1;
    FailureCause cause = FailureCause::none;
    std::string reason;
};

/// The result of (lease, index) is not needed: forget its body.
struct DiscardResult {
    LeaseId lease;
    std::uint32_t index = 0;
    LossCause loss = LossCause::repeated;
};

/// Every item of the job is settled, or it was cancelled or expired and nothing runs any more.
struct JobDrained {
    JobId job;
    bool expired = false;
    bool limit_reached = false;  ///< JobLimited left no room: the rest was not lent
};

struct StartStream {
    StreamId stream;
    NodeId node;
    Duration deadline{};
    bool trusted = false;  ///< by recent checks of this node with this model
};

/// Its node is gone, or failed through no fault of the request: place it again (StreamRequested
/// with the node in `avoid`) or tell the customer.
struct InterruptStream {
    StreamId stream;
    NodeId node;
    FailureCause cause = FailureCause::none;
};

/// No node can take it now.
struct RefuseStream {
    StreamId stream;
    std::string reason;
    Duration retry_after{};
    bool never = false;  ///< no enrolled node could ever run this model
};

/// The customer left: tell the node to stop.
struct StopStream {
    StreamId stream;
    NodeId node;
};

/// Keep this over restarts; `key` names (node, device, driver, engine, model).
struct SaveStanding {
    std::string key;
    std::string json;
};

/// The node's answers failed checks until its trust was lost: what it has earned waits for a
/// decision.
struct WithholdEarnings {
    NodeId node;
    std::string reason;
};

/// Deliver a Tick at this time. A later Wake replaces an earlier one only if it is sooner.
struct Wake {
    Time at;
};

/// For operators' eyes: a decision worth a log line.
struct Note {
    std::string text;
};

using Command = std::variant<WelcomeNode, SendLease, RevokeLease, LoadModel, UnloadModel,
                             SettleItem, DiscardResult, JobDrained, StartStream, InterruptStream,
                             RefuseStream, StopStream, SaveStanding, WithholdEarnings, Wake, Note>;

}  // namespace gleaner::core
