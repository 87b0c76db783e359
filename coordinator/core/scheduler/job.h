#pragma once
/// What the scheduler knows of a job, its items and its leases.

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/core/scheduler/class_index.h"
#include "coordinator/core/scheduler/commands.h"
#include "coordinator/core/scheduler/interval_set.h"

namespace gleaner::core {

struct KeptStanding;
struct Node;
struct Slot;
struct WorkQueue;

/// Items that may not go everywhere, grouped by where they may not go.
struct RetryKey {
    std::vector<Index> owners;  ///< never: they hold or gave a result of the item
    std::vector<Index> sites;   ///< rather not: it failed there
    bool suspect = false;       ///< it failed in an engine: lent alone
    friend auto operator<=>(const RetryKey&, const RetryKey&) = default;
};

struct RetryBucket {
    IntervalSet items;
    Time anywhere_at;  ///< from then on the sites in the key count no more
};

/// An item that was tried already, or of which several results are wanted. Others have no state.
struct ItemState {
    struct Live {
        LeaseId lease;
        std::uint32_t index = 0;
        Index owner = nowhere;
    };
    struct HeldResult {
        SettleItem::Produced produced;
        Index owner = nowhere;
        KeptStanding* standing = nullptr;
        Node* node = nullptr;
        Slot* slot = nullptr;
        std::string answer;
    };
    struct Failure {
        Index node = nowhere;
        Index site = nowhere;
        std::uint64_t incident = 0;
        bool rejected = false;  ///< the engine refused the request, it is said
    };
    std::uint32_t attempts = 0;  ///< ended, well or badly
    std::uint32_t wanted = 1;    ///< results
    std::uint32_t crashes = 0;
    std::vector<Live> live;
    std::vector<HeldResult> results;
    std::vector<Failure> failures;
    std::optional<RetryKey> queued;  ///< the bucket it waits in
    FailureCause cause = FailureCause::none;
    std::string detail;
};

struct Customer {
    Index index = nowhere;
    std::uint32_t weight = 100;  ///< of its share where others wait
    std::uint32_t waiting_streams = 0;
};

struct Job {
    std::uint64_t sequence = 0;
    JobId id;
    Customer* customer = nullptr;
    WorkQueue* queue = nullptr;
    Index model = nowhere;
    std::uint32_t replicas = 1;
    std::uint32_t items = 0;
    Time deadline;
    double tokens_per_item = 64;  ///< of work, observed
    bool canaries = true;         ///< known answers can hide among its items

    IntervalSet fresh;  ///< never lent, or handed back untried
    std::map<RetryKey, RetryBucket> retries;
    std::map<std::uint32_t, ItemState> states;
    std::vector<bool> settled;
    std::uint32_t settled_count = 0;
    std::uint64_t pending = 0;  ///< items in fresh and retries
    std::uint32_t lent = 0;     ///< items in live leases
    bool held = false;          ///< nothing of it is lent, and its queue does not count it
    std::optional<std::uint32_t> items_at_once;
    std::set<LeaseId> leases;

    /// How many of its items are under way; one of which several results are wanted counts once.
    [[nodiscard]] std::uint32_t under_way() const;
    /// How many more may begin.
    [[nodiscard]] std::uint32_t may_begin() const;
};

struct Lease {
    struct Entry {
        std::uint32_t item = 0;
        bool canary = false;
        bool suspect = false;
        bool done = false;
    };
    LeaseId id;
    Node* node = nullptr;
    Slot* slot = nullptr;
    Job* job = nullptr;  ///< null: the job ended, only canaries are left
    Customer* customer = nullptr;
    KeptStanding* standing = nullptr;
    std::vector<Entry> entries;
    std::uint32_t open = 0;
    bool ended_unseen = false;  ///< some entries ended here without a word from the node
    std::uint64_t tokens_each = 1;
    Time sent;
    Time deadline;
};

/// Failures of one engine on one node that came together: one cause. Whose fault it was shows
/// later, when the items have been tried elsewhere.
struct Incident {
    Node* node = nullptr;
    Slot* slot = nullptr;
    KeptStanding* standing = nullptr;
    bool implausible = false;  ///< the verifier refused the results, or the node the request
    bool managed = false;      ///< another node did one of the items
    bool excused = false;      ///< one of the items fails at other sites too
    std::uint32_t open = 0;    ///< items whose outcome is not known yet
};

}  // namespace gleaner::core
