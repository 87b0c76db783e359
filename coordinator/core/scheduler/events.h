#pragma once
/// What the scheduler is told. Plain values; the runtime makes them from frames, timers and calls.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/core/types.h"

namespace gleaner::core {

/// A node's session began (first or again). `held` is work that survived a lost connection.
struct NodeJoined {
    struct Device {
        std::string id;
        std::string kind;  ///< "cpu", "cuda", …
        std::string name;
        std::string driver;
        std::uint64_t memory_bytes = 0;
    };
    struct Held {
        LeaseId lease;
        std::vector<std::uint32_t> unfinished;
    };
    NodeId node;
    SiteId site;
    OwnerId owner;
    bool certified = false;
    std::string engine;  ///< "llama.cpp 0.5.0 cpu"; empty: no engine fits, the node cannot work
    std::string device_class = {};  ///< the name of its devices that count in reservations
    std::vector<Device> devices;
    std::vector<Sha256> cached;
    std::vector<Held> held;
    std::vector<StreamId> held_streams;
};

enum class LeaveCause : std::uint8_t {
    lost,     ///< the connection broke or fell silent: nobody's fault
    goodbye,  ///< the node said so; it returned its leases
    cut_off,  ///< revoked, consent withdrawn or replaced
};

struct NodeLeft {
    NodeId node;
    LeaveCause cause = LeaveCause::lost;
};

/// So many devices of a class are to work for this reservation alone, from now on; again when that
/// changes. With none its machines go back to the others, and its work waits.
struct ReservationOpened {
    std::string reservation;
    std::string device_class;
    std::uint32_t devices = 0;
    bool certified = false;  ///< only on machines of certified sites
};

/// It is over: its machines go back, its jobs and waiting streams end.
struct ReservationClosed {
    std::string reservation;
};

/// The operator wants the node to finish what it has and take nothing new.
struct NodeDrained {
    NodeId node;
};

struct CapacityChanged {
    struct Window {
        Sha256 model;
        std::uint32_t items = 0;    ///< most items outstanding
        std::uint32_t streams = 0;  ///< most streams running
    };
    NodeId node;
    std::vector<Window> windows;  ///< replaces the earlier ones
    bool paused = false;
    std::vector<std::string> paused_devices = {};  ///< identifiers; replaces the earlier ones
    bool leaves_soon = false;  ///< probably in less than half an hour: answers would be cut off
};

enum class ModelPhase : std::uint8_t { downloading, starting, ready, unloaded, failed, evicted };

struct ModelStateChanged {
    NodeId node;
    Sha256 model;
    ModelPhase phase = ModelPhase::ready;
    std::string device;
    std::uint32_t slots = 0;
    double generated_tokens_per_s = 0;  ///< claimed; 0: not measured
    FailureCause cause = FailureCause::none;
    std::string detail;
};

/// A model that customers can ask for; again when it changes.
struct ModelOffered {
    Sha256 model;
    std::uint64_t memory_bytes = 0;
    std::uint32_t slots = 8;
    std::uint32_t canaries = 0;  ///< how many known answers exist
};

struct ModelWithdrawn {
    Sha256 model;
};

/// A job to work on. After a restart `settled` names what is done already.
struct JobOpened {
    JobId job;
    CustomerId customer;
    std::uint32_t weight = 100;  ///< the customer's, 1 to 1000: of its share where others wait
    OwnerId own_sites_of;
    Sha256 model;
    PrivacyClass privacy = PrivacyClass::any;
    std::string reservation = {};  ///< works on its machines alone; empty: on what nobody reserved
    std::uint32_t replicas = 1;    ///< results wanted per item, each from another site
    std::uint32_t items = 0;
    std::vector<std::uint32_t> settled;  ///< ascending
    double tokens_per_item = 64;         ///< first guess of generated tokens
    bool canaries = true;  ///< known answers can pass for its items: they are chat completions
    bool held = false;     ///< as after JobHeld
    std::optional<std::uint32_t> items_at_once = {};  ///< as after JobLimited
    Time deadline;
};

/// Lend nothing more of it until JobReleased: it waits for cheaper hours. What is lent goes on.
struct JobHeld {
    JobId job;
};
struct JobReleased {
    JobId job;
};

/// So many of its items may be under way at most, results that wait for others included. When none
/// is under way and none may begin, the job ends: JobDrained says so.
struct JobLimited {
    JobId job;
    std::uint32_t items_at_once = 0;
};

struct JobCancelled {
    JobId job;
};

/// One item of a lease ended, well or badly. `answer`: the text, only for jobs with replicas.
struct ItemFinished {
    NodeId node;
    LeaseId lease;
    std::uint32_t index = 0;  ///< within the lease
    FailureCause failure = FailureCause::none;
    std::string detail;
    Verdict verdict = Verdict::plausible;  ///< of the verifier; unused when failed
    std::uint32_t prompt_tokens = 0;
    std::uint32_t generated_tokens = 0;
    std::uint64_t device_micros = 0;
    std::string answer;
};

struct LeaseReturned {
    NodeId node;
    LeaseId lease;
    std::vector<std::uint32_t> unfinished;
    FailureCause cause = FailureCause::none;
    std::string detail;
};

struct StreamRequested {
    StreamId stream;
    CustomerId customer;
    std::uint32_t weight = 100;  ///< the customer's, as of a job
    OwnerId own_sites_of;
    Sha256 model;
    PrivacyClass privacy = PrivacyClass::any;
    std::string reservation = {};  ///< as of a job
    std::vector<NodeId> avoid;  ///< nodes that failed it already; others of their sites come last
    std::vector<NodeId> refused_by;  ///< of them, those whose engine refused the request, they say
    Time give_up;                    ///< refuse when it cannot start by then
};

struct StreamFinished {
    StreamId stream;
    FailureCause failure = FailureCause::none;
    std::uint32_t generated_tokens = 0;
    std::uint64_t device_micros = 0;
    Verdict verdict = Verdict::plausible;
};

/// The customer went away.
struct StreamAbandoned {
    StreamId stream;
};

/// From now on the customer's work counts so much, also what waits already.
struct CustomerWeighed {
    CustomerId customer;
    std::uint32_t weight = 100;
};

/// The store cannot keep up or cannot write: hand out nothing new until StoreRecovered.
struct StoreStalled {};
struct StoreRecovered {};

/// A timer asked for by Wake. Events seconds later than it tell that this process was suspended.
struct Tick {};

using Event = std::variant<NodeJoined, NodeLeft, NodeDrained, ReservationOpened, ReservationClosed,
                           CapacityChanged, ModelStateChanged, ModelOffered, ModelWithdrawn,
                           JobOpened, JobCancelled, JobHeld, JobReleased, JobLimited, ItemFinished,
                           LeaseReturned, StreamRequested, StreamFinished, StreamAbandoned,
                           CustomerWeighed, StoreStalled, StoreRecovered, Tick>;

}  // namespace gleaner::core
