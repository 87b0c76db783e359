#pragma once
/// What the store keeps, as plain values. Wall times are UTC; money is micro-units.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/job_terms.h"
#include "coordinator/store/scopes.h"
#include "shared/model/currency.h"
#include "shared/model/gpu_catalogue.h"
#include "shared/model/ids.h"
#include "shared/model/money.h"
#include "shared/model/privacy.h"
#include "shared/util/clock.h"

namespace gleaner::store {

// ---- People and credentials ----

enum class PrincipalKind : std::uint8_t { operator_, owner, partner, project };

/// What an operator may do: everything, also adding operators; money; the rest.
enum class OperatorRole : std::uint8_t { admin, finance, support };
[[nodiscard]] std::string_view to_string(OperatorRole role);
[[nodiscard]] std::optional<OperatorRole> parse_operator_role(std::string_view text);

/// Who a key speaks for. `subject` is the owner's, partner's or project's id, an operator's name.
struct Principal {
    PrincipalKind kind = PrincipalKind::project;
    std::string credential_id;  ///< key_…
    std::string subject;
    CustomerId customer;                        ///< for project keys
    OperatorRole role = OperatorRole::support;  ///< for operators' keys
    // Of a project's key:
    Currency currency = Currency::cny;  ///< its project's
    Scopes scopes = usual_scopes;
    std::int64_t requests_per_minute = 0;  ///< 0: the customer's own limit only
    std::int64_t tokens_per_minute = 0;    ///< likewise
    std::optional<WallTime> expires = {};
};

/// What a project's key may do and take. Operators', owners' and partners' keys have none of it.
struct KeyLimits {
    Scopes scopes = usual_scopes;
    std::optional<Money> monthly_cap = {};  ///< of what it may spend, in the project's currency
    std::int64_t requests_per_minute = 0;   ///< 0: no limit of its own
    std::int64_t tokens_per_minute = 0;     ///< likewise
    std::optional<WallTime> expires = {};   ///< of keys of all kinds
};

/// A key as listed: the secret itself is shown once, when made; only its SHA-256 is stored.
struct Credential {
    std::string id;  ///< key_…
    PrincipalKind kind = PrincipalKind::project;
    std::string subject;
    std::string label;
    WallTime created;
    std::optional<WallTime> revoked;
    KeyLimits limits = {};
};

struct Owner {
    OwnerId id;
    std::string name;
    PartnerId referred_by;  ///< empty: nobody
    WallTime created;
};

struct Partner {
    PartnerId id;
    std::string name;
    WallTime created;
};

inline constexpr std::int32_t customer_weight_usual = 100;
inline constexpr std::int32_t customer_weight_max = 1'000;

struct Customer {
    CustomerId id;
    std::string name;
    PartnerId referred_by;
    OwnerId own_sites_of;  ///< the owner whose sites count as this customer's own; empty: none
    WallTime created;
    std::int32_t weight = customer_weight_usual;  ///< of its share when nodes are scarce, 1 to 1000
};

struct Project {
    ProjectId id;
    CustomerId customer;
    std::string name;
    Currency currency = Currency::cny;  ///< of all that it buys
    WallTime created;
};

// ---- Sites, consent, tokens, nodes ----

/// The owner's own acceptance of a dated consent text.
struct Consent {
    std::string text_date;    ///< "2026-11-01": which text
    std::string text_sha256;  ///< of the text that was shown
    std::string accepted_by;  ///< the owner's credential id
    WallTime accepted;
    std::optional<WallTime> revoked;
};

struct Site {
    SiteId id;
    OwnerId owner;
    std::string name;
    bool certified = false;
    Consent consent;
    std::string policy;  ///< guest settings of its nodes, TOML; empty: none
    WallTime created;
};

struct EnrolmentToken {
    std::string id;  ///< tok_…
    SiteId site;
    std::int64_t uses_left = 1;  ///< -1: unlimited
    WallTime created;
    WallTime expires;
    std::optional<WallTime> revoked;
};

struct Node {
    NodeId id;
    SiteId site;
    OwnerId owner;
    bool site_certified = false;
    std::string site_policy;
    std::string hardware_fingerprint;
    std::string hostname;
    std::string os;
    std::string arch;
    std::string software_version;
    std::string certificate_serial;  ///< of the one certificate that is valid
    WallTime certificate_expires;
    WallTime enrolled;  ///< first time
    WallTime last_seen;
    std::optional<WallTime> revoked;
};

/// What an enrolment needs; the certificate is issued between begin_enrolment and finish_enrolment.
struct EnrolmentRequest {
    std::string token_secret_sha256;
    std::string hardware_fingerprint;
    std::string hostname;
    std::string os;
    std::string arch;
    std::string software_version;
};

struct EnrolmentGrant {
    NodeId node;
    SiteId site;
    std::string site_name;
    bool known_hardware = false;
};

// ---- Benchmarks and what is earned ----

inline constexpr std::int64_t bench_reports_per_device = 20;
inline constexpr std::int64_t bench_reports_per_node = 400;

/// A report that a node handed in under its signature, and what was thought of it.
struct BenchRecord {
    NodeId node;
    std::string device;
    std::string device_name;  ///< "NVIDIA GeForce RTX 4060"
    std::int64_t score = 0;   ///< by which devices of one name are compared; 0: by nothing
    // By which devices of different kinds are: thousandths of GFLOPS and of GB/s; 0: not measured.
    std::int64_t gflops_milli = 0;
    std::int64_t copy_milli = 0;
    std::string report_sha256;  ///< of report_json
    WallTime measured;          ///< by the node's clock
    WallTime received;          ///< set by the store
    Plausibility verdict = Plausibility::unknown;
    std::string english;  ///< why
    std::string chinese;
    std::string report_json;
    std::string signature;
};

/// A device among other nodes that have one of the same name.
struct BenchStanding {
    std::int64_t others = 0;
    std::int64_t slower = 0;  ///< of them
};

/// One day of all devices of one kind.
struct GridDay {
    std::int64_t day = 0;  ///< since 1970
    std::int64_t offered_seconds = 0;
    std::int64_t sold_seconds = 0;  ///< at most offered_seconds
    Money paid;                     ///< to owners
};

/// One day of one node.
struct NodeDay {
    std::int64_t day = 0;  ///< since 1970
    std::int64_t sold_seconds = 0;
    Money pending;
    Money confirmed;
};

// ---- Catalogue ----

struct Model {
    std::string name;  ///< what customers say: "qwen3-4b"
    Sha256 sha256;
    std::int64_t size_bytes = 0;
    std::string architecture;
    std::string quantisation;
    std::int64_t parameters = 0;
    std::int64_t context_tokens = 0;  ///< per request
    std::int64_t memory_bytes = 0;    ///< estimate with `slots` sequences
    std::int64_t slots = 8;
    bool embeddings = false;  ///< an embedding model
    TokenPrice price;
    WallTime created;
};

struct EnginePackage {
    Sha256 sha256;  ///< of the archive
    std::int64_t size_bytes = 0;
    std::string name;
    std::string version;
    std::string backend;
    std::string os;
    std::string arch;
    WallTime created;
    std::string min_driver;  ///< of the backend's device; empty: does not matter
};

/// An item with a known answer.
struct Canary {
    std::string request_json;
    std::string expect;  ///< the answer's text after trimming
};

// ---- Files and jobs ----

struct File {
    FileId id;
    ProjectId project;
    std::string purpose;  ///< "batch", "batch_output"
    std::string filename;
    std::int64_t bytes = 0;
    WallTime created;
};

enum class JobState : std::uint8_t {
    validating,
    failed,
    in_progress,
    finalizing,
    completed,
    expired,
    cancelling,
    cancelled
};

[[nodiscard]] std::string_view to_string(JobState state);

struct JobCounts {
    std::int64_t total = 0;
    std::int64_t completed = 0;
    std::int64_t failed = 0;
};

/// A batch. `number` orders jobs and keys their items; customers see only `id`.
struct Job {
    JobId id;
    std::int64_t number = 0;
    ProjectId project;
    CustomerId customer;
    OwnerId own_sites_of;                         ///< the customer's, at admission
    std::string api_key;                          ///< id of the key that made it; empty: not known
    std::int32_t weight = customer_weight_usual;  ///< the customer's, as it is now
    std::string endpoint;                         ///< "/v1/chat/completions"
    std::string model;                            ///< name
    Sha256 model_sha256;
    TokenPrice price;        ///< outside of all time bands, of any tier
    ledger::JobTerms terms;  ///< in force when the job was admitted
    FileId input_file;
    FileId output_file;  ///< empty until there is one
    FileId error_file;
    JobState state = JobState::validating;
    JobCounts counts;
    PrivacyClass privacy = PrivacyClass::any;
    std::int32_t replicas = 1;
    std::string metadata_json;          ///< the customer's own, as given
    std::string errors_json;            ///< OpenAI's `errors` object when validation failed
    Currency currency = Currency::cny;  ///< its project's
    Money held;                         ///< what is still held for it
    WallTime created;
    WallTime deadline;
    std::optional<WallTime> started;
    std::optional<WallTime> finalizing;
    std::optional<WallTime> ended;
};

/// One settled item of a job: exactly one exists per (job, index), ever.
struct ItemOutcome {
    std::int64_t job_number = 0;
    std::int64_t index = 0;
    bool failed = false;
    RequestId request;
    std::int32_t http_status = 200;
    std::string body;  ///< the reply, or OpenAI's error object: JSON
};

/// What was used and by whom. One per accepted (part of an) answer; `attempt_key` is unique, so
/// that the same attempt is never billed twice.
struct MeterRecord {
    std::string attempt_key;  ///< "<lease>:<index>" or "<stream>"
    RequestId request;
    ProjectId project;
    CustomerId customer;
    std::string api_key;  ///< id of the key that asked; empty: not known
    NodeId node;
    SiteId site;
    OwnerId owner;
    std::string device_class;  ///< "cpu", "NVIDIA GeForce RTX 4060"
    Sha256 model_sha256;
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;  ///< of the prompt's: the engine had computed them before
    std::int64_t generated_tokens = 0;
    std::int64_t device_micros = 0;
    std::int64_t reference_micros = 0;  ///< weighed by what such a device was measured to do
    Money price;                        ///< what the customer pays for this part
    WallTime at;  ///< when the work was done; statements go by when the store accepted it
};

/// The reply to a request that came with an Idempotency-Key.
struct KeptReply {
    ProjectId project;
    std::string key;  ///< claimed before
    std::int32_t http_status = 0;
    std::string body;
};

/// Pays for one part: from the hold of a job, or straight from the customer's credit (streams).
struct Acceptance {
    ItemOutcome outcome;              ///< unused when `job` is empty
    JobId job;                        ///< empty: a stream
    std::vector<MeterRecord> meters;  ///< empty for a failed item
    std::string receipt_json;         ///< what the customer can keep, by outcome.request
    /// Kept with the bill: after a crash both are there, or neither.
    std::optional<KeptReply> reply;
};

/// What became of one Acceptance. A repeated one changes nothing.
enum class Accepted : std::uint8_t { accepted, already_settled, job_ended };

}  // namespace gleaner::store
